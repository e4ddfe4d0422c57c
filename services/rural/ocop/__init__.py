"""OCOP products (one commune, one product): their evaluations, stars and certificates."""
