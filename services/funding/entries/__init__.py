"""Entries: how they are recorded, reversed and read."""
