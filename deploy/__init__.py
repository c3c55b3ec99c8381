"""A hub on several processes or machines: HAProxy in front of its pages; and all of it on one machine at a word."""
