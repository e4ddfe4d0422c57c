"""Successions: money of units that ended waits for the unit that answers, until a decision passes it on.

For a merged commune the territory proposes that unit; for a district, which has no successor of its own, the province names it.
"""
