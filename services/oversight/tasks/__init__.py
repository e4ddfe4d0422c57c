"""Tasks: owner, due day, and the product that proves them done."""
