"""The tab: its panels, its endpoints, and what it keeps for each browser session."""
