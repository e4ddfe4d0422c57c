"""Contributions of enterprises and the community to the programs: money, labour, land and goods, each with its value."""
