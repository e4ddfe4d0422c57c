"""Progress: how far the money has come, read from the lots. It only reads, and costs what the lots cost.

A budget year may be read until a day of effect (`until`), as it was known at an instant (`as_of`), or both. Then what is
available is also that of the day, it is read from the postings, and its lineage reaches as far and no further.
"""
