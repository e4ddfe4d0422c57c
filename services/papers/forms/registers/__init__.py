"""Registers and treasury batches in Excel: a row for each record, sent row by row or as one body, with the cell of each fault."""
