"""What the hub says about a recording: classes, rhythm, explanations, exports, the live monitor."""
