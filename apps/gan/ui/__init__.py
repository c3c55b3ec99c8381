"""The tab: one panel per exhibit."""
