"""The tables of the example: a module for each program, with pure functions from published facts to rows.

Nothing is random: the same facts give the same bytes.
"""
