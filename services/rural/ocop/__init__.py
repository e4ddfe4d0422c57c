"""OCOP products (one commune, one product): evaluations with stars, certificates, and the rules of the program."""
