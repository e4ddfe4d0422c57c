"""The gateway: the one door. It knows who is calling and where a request goes, and answers what needs all services.

It owns the **clients** (a client is a system that calls: its scopes, programs and units), their **secrets**, the
**signing keys** of the tokens that it issues, and the **audit** of who changed any of these. Nothing that rests in its
database can be used to call: a secret is kept as an HMAC, a signing key sealed, and the pepper for both is only in
the environment.

Words. An **upstream** is a service behind the door, known by its name and its address. The **proxy** passes a request
to the upstream of its prefix and knows no schema. **Intake** is what every request meets first: the rate
limit. The **overview** is the province-wide status, made of **parts**, one from each service; a part is
**fresh**, **stale** (the last known value, with its age) or **unavailable** (never seen). The **reference** is the one
OpenAPI document of all services; a **snapshot** stands in for a service that is stopped.

It never opens a neighbour's schema, never interprets a report or an amount, never keeps a figure except the last
known parts in memory, and its readiness waits for nobody.

Reading order: `settings.py`, `models.py`; `clients/`, `tokens/`; `upstreams.py`, `intake.py`, `proxy.py`; `overview/`,
`reference/`; `app.py`, `__main__.py`.
"""
