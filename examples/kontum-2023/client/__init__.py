"""A small client of the public API, as a district, an agency or a finance office might write it.

`door` knows HTTP: tokens, retries, keys. `clients` makes the clients of the demo, `posting` says what each of them
posts, `progress` shows how far they are, `table` puts the answers beside the plan.
"""
