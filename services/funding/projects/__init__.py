"""Projects (công trình): what was approved and planned for each, what was paid of it, and how far it has come."""
