"""Exits of communes and villages from special difficulty, by year and ground, and the verdicts of officers on them."""
