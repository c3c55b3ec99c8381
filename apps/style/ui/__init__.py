"""The tab: the Paint button, live costs, results, replay, the units."""
