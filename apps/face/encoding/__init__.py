"""The networks f: an aligned face in, an encoding out; where their weights come from, and what they look at."""
