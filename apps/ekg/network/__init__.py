"""The networks, their weights, and what turns many answers into one."""
