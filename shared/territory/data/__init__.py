"""The shipped tables, UTF-8 CSV, and the script that made them from the fact tables.

`units.csv`: one row for each meaning of a code (key: code and valid_from), with source and confidence; an empty
valid_to means that the unit still stands; places are WGS 84 degrees, and empty where the source had none of its own.
`successions.csv`: what each unit became; no successor means abolished. `aliases.csv`: spellings that were seen.
"""
