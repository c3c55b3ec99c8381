"""The tab: the stage, the stack of layers, the experiments."""
