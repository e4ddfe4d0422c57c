"""Contributions: what enterprises and the community gave for the programs, in money, labour, land and goods, each valued."""
