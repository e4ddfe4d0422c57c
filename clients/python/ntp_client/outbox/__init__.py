"""The outbox: every report is kept in a file before it is sent, and until it is answered.

store.py    the file (SQLite): what waits, what was answered, what was refused
sending.py  `send_waiting`: in order within a unit and form, with pauses that grow while nobody answers
command.py  `ntp-outbox add|send|list|why|receipts`
"""

from ntp_client.outbox.sending import SendingResult, send_waiting
from ntp_client.outbox.store import Outbox, OutboxEntry

__all__ = ["Outbox", "OutboxEntry", "SendingResult", "send_waiting"]
