"""Steering bodies: committees, working groups, offices and boards, with the agencies that are their members."""
