"""A hub on more than one process or machine: HAProxy before several pages, and all of it on one machine at a word."""
