"""A class on a hub: the clients and what they do."""
