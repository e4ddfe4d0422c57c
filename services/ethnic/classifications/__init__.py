"""Classifications of communes: the region and special difficulty by decisions, and the consequences of recognitions."""
