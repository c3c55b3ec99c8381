"""Face verification and recognition: from a photo to encodings, decisions and measured error rates."""
