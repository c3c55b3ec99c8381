"""From a photo to aligned faces: detect, choose, turn upright, cut."""
