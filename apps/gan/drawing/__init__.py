"""From a seed to pictures: latent vectors, walks and directions in latent space, tiles and sheets of digits."""
