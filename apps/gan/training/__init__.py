"""Training, checkpoints and evaluation: what ``python -m apps.gan`` does."""
