"""One painting from start to end: sizes and limits, the steps, presets, recipes, frames."""
