"""The values in effect: read from the observations, added up over sub-periods and over units."""
