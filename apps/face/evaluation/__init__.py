"""How often the verifier errs: lists of pairs, error rates, calibration."""
