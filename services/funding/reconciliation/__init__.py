"""Reconciliation: payments in the agencies' book compared with those in the treasury's; neither overwrites the other."""
