"""A hostile client against a running hub, on this machine only: ``make attack``; its short part is a test."""
