"""The gateway: the only public entry. It authenticates clients, forwards requests, and composes answers of all services.

It owns the **clients** (a client is a system that calls: its scopes, programs and units), their **secrets**, the
**signing keys** of the access tokens that it issues, and the **audit** of who changed any of these. Its database alone
is not enough to call: a secret is stored as an HMAC, a signing key encrypted, and the pepper for both is only in the
environment (ADR 0004).

Terms. An **upstream** is a service behind the gateway, known by its name and its address. The **proxy** forwards a
request to the upstream of its path prefix and knows no schema. The **rate limit** comes before it. The **status** of
the province is composed of **parts**, one from each service. A part is **fresh**, **stale** (the last known value, with
its age) or **unavailable** (never seen). The **reference** is the one OpenAPI document of all services; a **snapshot**
replaces the document of a service that is stopped.

It never reads another service's schema, never interprets a report or an amount, and keeps no figure except the last
known parts in memory. Its readiness depends on no upstream.

Reading order: `settings.py`, `models.py`; `clients/`, `tokens/`; `upstreams.py`, `rate_limiting.py`, `proxy.py`;
`composition/`, `reference/`; `app.py`, `__main__.py`.
"""
