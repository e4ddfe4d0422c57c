"""Versions of records: what all registers of oversight share."""
