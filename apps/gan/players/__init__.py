"""The two players G and D, their losses, the digits they see, and the judge that measures them."""
