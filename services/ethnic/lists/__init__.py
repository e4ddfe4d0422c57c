"""Lists of the area: a decision posted whole, with a verdict for each row, and what changed between two lists."""
