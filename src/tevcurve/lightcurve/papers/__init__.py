"""Rows of light curves as they stand in papers, in tables of journals, and in telegrams."""
