"""Submitting a report: lock, find overlaps, write, refresh roll-ups, publish."""
