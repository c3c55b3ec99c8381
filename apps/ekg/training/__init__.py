"""Data, training, cross-validation by patient, and the evaluation on annotated records."""
