"""The door: what stands between the outside and the tabs. Who asks, what they may ask, and what they may send."""
