"""Money that comes back after it was paid: what may be recovered of a payment, and what is to be handed back to the budget."""
