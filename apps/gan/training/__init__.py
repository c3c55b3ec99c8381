"""Training, checkpoints and evaluation: what the commands of ``python -m apps.gan`` do."""
