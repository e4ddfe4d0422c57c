"""Villages (thôn, làng): registered under local codes, stored with the other units of the territory."""
