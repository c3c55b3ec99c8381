"""From a seed to pictures: latent vectors, directions with a meaning, sheets of digits."""
