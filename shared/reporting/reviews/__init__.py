"""Reviews: accepting, returning and withdrawing reports, and passing them through the steps of a form's review chain."""
