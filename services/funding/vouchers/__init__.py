"""Vouchers: papers with several lines, recorded whole or not at all, and read whole."""
