"""Roll-ups: stored sums per answering unit, refreshed whenever a report comes into effect or ceases to be (ADR 0012)."""
