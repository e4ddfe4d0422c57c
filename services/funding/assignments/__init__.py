"""Assignments: what the centre gives a province, and how much of it is left to allocate to agencies and districts."""
