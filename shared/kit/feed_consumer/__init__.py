"""Following: what a service learns from a neighbour's change feed, read through the door as a client of its own.

A **follower** is a task beside the requests. It asks for what came after its **cursor**, and takes it: the **effect**
of each change and the cursor are kept in one transaction, so each change has its effect exactly once, whoever crashes
when, and however many processes follow. No call is made while that transaction is open, and of several processes one
takes at a time (an advisory lock of the transaction, so it works behind a pooler). Nobody waits for a follower: where
a neighbour is away the service serves what it knows, and says since when it has heard nothing.

    following   all is well; it may be behind, and says by how many changes
    silent      the neighbour does not answer
    refused     it answers and says no: the client or its secret is wrong
    rewound     it is not the feed that was read: it was restored from an older backup. Nothing more is taken until an
                operator begins again (`python -m shared.kit.feed_consumer begin-again FEED`); nothing is ever skipped
    stuck       a change of a kind that is followed cannot be understood; those before it are taken, and none after it

What tells a feed that was rewound: every question asks for the last change taken as well, and it must come first, with
the instant that is remembered. A feed that is begun again is another **life**: what was learnt in the life before
stays as it was known then, and is no more what is known now.

`neighbour.py` (the wire), `cursor.py` (what is remembered), `follower.py` (the task), `api.py` (how it is said).
"""
