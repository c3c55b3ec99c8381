"""What the EKG rooms gain and cost: choices in training, detectors, hearts and noise, speed."""
