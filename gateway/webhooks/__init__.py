"""Webhooks: clients are called when something changes, by the Standard Webhooks specification (ADR 0032).

addresses.py      which addresses may be called; no other one is connected to
rules.py          back-off, pauses, ids of messages, and the problems; pure
secrets.py        the secrets that deliveries are signed with, sealed under the pepper
store.py          queries and inserts
schemas.py        subscriptions on the wire
actions.py        subscribe, pause, resume, replay, rotate the secret, test, end
api.py            `/v1/webhooks`, served by the gateway
sending.py        one signed request
delivering.py     what waits for one subscription, in order, one attempt at a time
dispatching.py    a task for each subscription that something waits for
app.py            the process that delivers: `python -m gateway.webhooks`

It reads the services' feeds with a token of the subscription's client, so nobody is sent what it may not read.
"""
