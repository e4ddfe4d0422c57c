"""Standards of districts and the province: each condition with its result and what is missing."""
