"""Forms in Excel, out and in: made from the catalogue, the units and the values of the year before; faults get their cells."""
