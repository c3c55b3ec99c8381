"""The report: what was measured about every demo, read from ``weights/`` and shown with streamlit.

It computes nothing but intervals and shows nothing that is not in a file; what is missing is said to be missing.
"""
