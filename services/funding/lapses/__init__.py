"""Lapses: until when money must be paid, and what lapses then. Deadlines are dated facts; returning money is an entry.

A payment after the deadline is recorded all the same: whether it is too late is for the treasury to decide.
"""
