"""Difficulties: what a unit raises, and the level that answers it."""
