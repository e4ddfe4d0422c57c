"""Counterparts: the local money that central money demands, by dated ratios, and what of it is missing."""
