"""Revocations: the decisions that end recognitions, and their grounds."""
