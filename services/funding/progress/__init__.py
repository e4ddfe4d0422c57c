"""Progress: what was allocated, committed and disbursed of a budget year, read from the lots. It only reads.

A year can be read until a day of effect (`until`), as it was known at an instant (`as_of`), or both. It is then summed from
the postings; what is available is also that of the day, and the lineage has the same limits.
"""
