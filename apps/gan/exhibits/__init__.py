"""What the bundled networks show: samples, numbers, walks, snapshots of training, anatomy, restored digits."""
