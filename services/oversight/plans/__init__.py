"""The plan of a year or of the period: objectives, targets, capital and tasks, from draft to approval and closing."""
