"""Province-wide vintages: all programs, funding and oversight, frozen at one instant under one name and document."""
