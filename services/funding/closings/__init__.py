"""Closings: the act that closes a budget year, the vintage that it freezes, and what differs from it later."""
