"""What a unit responds to: the nine patches that excite it most, and the picture that it wants to see."""
