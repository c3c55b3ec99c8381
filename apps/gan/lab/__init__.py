"""The game in the plane: two small players on points, trained in view."""
