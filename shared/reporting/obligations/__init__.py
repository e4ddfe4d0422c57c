"""Obligations: which unit owes which form for a period, by when, and what was received."""
