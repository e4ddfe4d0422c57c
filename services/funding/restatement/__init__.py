"""Restatement: a year on the map of an earlier day counts money that passed on later with the unit that passed it on."""
