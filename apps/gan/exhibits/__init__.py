"""What the page shows of the bundled networks: snapshots, anatomy, restoring small digits."""
