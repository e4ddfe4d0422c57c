"""Lapses: until when money must be paid, and what of it will lapse. Dated data; listed in advance, returned by an entry.

A deadline is never a reason to refuse a payment here: whether one is too late is the treasury's to say.
"""
