"""Reports: submitting, correcting, reviewing and withdrawing what a unit states for a period."""
