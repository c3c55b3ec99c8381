"""GAN Lab: a GAN on points of the plane, small enough to be trained while you watch."""
