"""The feed consumer: a service reads the change feed of another service through the gateway, as a client of its own.

A **consumer** is a background task. It reads the events after its **cursor** and handles them: the effect of each event and
the cursor are written in one transaction, so each event takes effect exactly once, whichever process crashes when, and
however many processes consume. No request is sent while that transaction is open. One process at a time handles events
(an advisory lock of the transaction, so it works behind a connection pooler). No request of the service waits for a
consumer: while the other service is away, this one serves what it has, and reports since when it has received nothing.

    following   all is well; the consumer may be behind, and reports by how many events
    silent      the other service does not answer
    refused     it answers and refuses: the client or its secret is wrong
    rewound     it is not the feed that was read: the other service was restored from an older backup. Nothing more is read
                until an operator begins again (`python -m shared.kit.feed_consumer begin-again FEED`)
    stuck       an event of a handled type cannot be read; those before it took effect, and none after it

How a rewound feed is recognized: every request asks for the last handled event as well, and it must come first, with the
stored instant. A feed that is begun again from zero is another **life**: what was learnt in the life before stays as it
was known then, and is no longer what is known now.

`client.py` (HTTP), `cursor.py` (storage), `consumer.py` (the task), `api.py` (its state for readers).
"""
