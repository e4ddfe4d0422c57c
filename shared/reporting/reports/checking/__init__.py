"""The rules of a report's content: pure functions that return every fault at once."""
