"""Reconciliation: the agencies' book of payments and the treasury's, side by side; neither overwrites the other."""
