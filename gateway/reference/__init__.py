"""The reference: one OpenAPI document of all services, and the page to read and try it, without a CDN.

`merging.py` (pure: documents into one), `collection.py` (fetching them; a stopped service is described by its
committed snapshot in `gateway/contracts/`), `api.py`.
"""
