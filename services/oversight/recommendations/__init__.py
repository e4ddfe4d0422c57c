"""Recommendations: from their issue to their closing by who issued them."""
