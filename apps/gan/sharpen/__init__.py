"""A photo four times as large: bicubic, a small network and a GAN side by side, measured."""
