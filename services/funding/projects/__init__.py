"""Projects (công trình): the approvals and plans of each, what was paid for it, and its physical progress."""
