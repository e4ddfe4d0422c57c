"""How the example's tables are made: one module per program, each a pure function from published facts to rows.

Nothing here draws a random number: the same facts give the same bytes.
"""
