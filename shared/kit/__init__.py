"""The kit: what every service needs and no program owns.

Problems, the database and the unit of work of a request, the service factory, settings, identity, paging, idempotency,
the change feed and its consumer, logs. It holds no noun of the field: the word "commune" or "report" in this folder is a
mistake. The exceptions are the programs and the units that a token grants (`identity.py`): the kit compares their codes. Services inherit little from it: a service names its parts in `create_app()` and the factory joins them.
"""
