"""Amounts of every unit of a level, for maps, and of one unit over years or months, for charts; uses progress/."""
