"""Batches: thousands of commitments and payments of a treasury or agency system in one call, a verdict for each."""
