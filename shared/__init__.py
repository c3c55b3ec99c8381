"""What every demo stands on: errors, settings, devices, weights, the model cache, pictures and charts.

Nothing here imports from ``apps``, gradio or streamlit, and importing a module of this package reads no file,
opens no socket and does not import torch.
"""
