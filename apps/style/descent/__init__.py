"""The costs J, J_content and J_style with their Gram matrices, and the optimizers that descend them."""
