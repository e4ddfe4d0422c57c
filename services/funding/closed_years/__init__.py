"""Closed years: which budget years are closed for which units, and what an entry into one needs."""
