"""The submission of a report: lock, find overlaps, write, refresh roll-ups, publish."""
