"""Evidence: files behind reports, kept once under the hash of their bytes, apart from the table of values."""
