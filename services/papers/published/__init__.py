"""Published documents: their printed figures reconciled with the data."""
