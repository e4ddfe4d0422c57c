"""Villages (thôn, làng): registered with local codes, and kept with the other units of the territory."""
