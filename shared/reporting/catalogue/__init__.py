"""The catalogue of a program: its forms, indicators and figures as data, with labels, legal basis and days of validity.

`catalogue_file.py` reads it from a TOML file beside the program's rules and binds the pure functions that the file names.
It is checked whole when it is loaded, so a figure over an unknown indicator stops the start and fails in no report.
"""
