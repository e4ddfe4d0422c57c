"""Communication: plans, campaigns, movements, and the activities that carry them out."""
