"""Which region a commune is in, and whether it is in special difficulty: decisions, each with a day of taking effect."""
