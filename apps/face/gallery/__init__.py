"""The enrolled people: names, encodings, who may delete them, in memory or in a file, and the search among them."""
