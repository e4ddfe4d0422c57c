"""Entries: the facts of the ledger, as they are recorded, reversed and read."""
