"""The two players G and D, their losses, the digits they are trained on, and the judge and metrics that rate them."""
