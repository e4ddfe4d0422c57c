"""Supervision and audits: what a round asks for, what it concluded, what is to be recovered."""
