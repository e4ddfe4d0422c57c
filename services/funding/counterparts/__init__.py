"""Counterparts: the local money that dated ratios require beside central money, and the shortfall."""
