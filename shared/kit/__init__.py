"""The kit: what every service here needs and no program owns.

Problems, the database and the transaction of a request, the service factory, settings, identity, paging,
idempotency, the change feed and following a neighbour's, and logs. It holds no noun of the field: whoever finds "commune" or
"report" in this folder has found a mistake. Nothing here is inherited from; a service names the parts it wants in
its `create_app()` and the factory joins them.
"""
