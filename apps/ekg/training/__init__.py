"""Data, training, and the evaluation on annotated records; by patient it is judged in ``benchmarks/ekg``."""
