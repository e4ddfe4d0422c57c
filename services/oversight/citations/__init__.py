"""Decisions that other services name: received by their change feeds, and looked up among the documents."""
