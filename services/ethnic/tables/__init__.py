"""Tables that an office prints: land, housing and water by the stage of their numbers, and form 05."""
