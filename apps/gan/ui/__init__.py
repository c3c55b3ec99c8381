"""The GANs tab: one module per panel."""
