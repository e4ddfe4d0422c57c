"""The reference: one OpenAPI document of all services, and the page to read and try it, without any CDN.

`merging.py` (pure: documents into one), `collection.py` (fetching them; a stopped service's part comes from its
committed snapshot in `gateway/contracts/`), `api.py`.
"""
