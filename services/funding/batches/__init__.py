"""Batches: thousands of commitments and payments of a treasury or agency system in one call, with a verdict on each."""
