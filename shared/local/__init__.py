"""Running the product on one machine: launcher, embedded PostgreSQL, secrets file, backup.

It starts the processes of the product, one or several instances of each, and knows them by the names of their application
factories. A container or
Kubernetes does without it. `python -m services` is its command line.
"""
