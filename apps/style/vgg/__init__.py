"""The pretrained VGG networks: layers by name, their activations, and fast ways to compute them."""
