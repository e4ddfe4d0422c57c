"""Conferences: who convened them, which units took part, what they concluded."""
