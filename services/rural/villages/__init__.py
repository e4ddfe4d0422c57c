"""Villages (thôn, làng): units with local codes, registered here and kept with the other units of the territory."""
