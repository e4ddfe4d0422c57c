"""The history of every schema, and `python -m migrations`, which applies it."""
