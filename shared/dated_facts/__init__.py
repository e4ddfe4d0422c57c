"""Facts that a decision can change, kept as files of data: each row with its legal basis and its days of validity.

A file lies beside the code that uses it; an installation names a file of its own in its settings and needs no release.
`facts.py` holds the values that rules work with. `loader.py` reads a file into them and names every fault at once.
`schemas.py` holds what their wire forms have in common.
"""
