"""Recognitions of communes and villages: who meets which standard by whose decision, and what ended it."""
