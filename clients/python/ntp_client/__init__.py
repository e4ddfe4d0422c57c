"""A thin client of the data service of the National Target Programs.

client.py        `NtpClient` for programs that do one thing after another, and `Program`, its typed calls
async_client.py  `AsyncNtpClient`, the same for asyncio
answers.py       an answer, and the two ways in which there is none: `RefusedError`, `NoAnswerError`
tokens.py        tokens by client credentials, kept until shortly before their end
retries.py       which answers are asked for again, and after how long
requests.py      what a request consists of: query, body, compression, key
exact_json.py    JSON whose decimals are exact
models.py        the contract's schemas as types; generated
outbox/          reports that are kept in a file until they are answered
"""

from ntp_client.answers import Answer, NoAnswerError, ProblemFault, RefusedError
from ntp_client.async_client import AsyncNtpClient
from ntp_client.client import NtpClient, Program
from ntp_client.retries import RetrySchedule

__all__ = [
    "Answer",
    "AsyncNtpClient",
    "NoAnswerError",
    "NtpClient",
    "ProblemFault",
    "Program",
    "RefusedError",
    "RetrySchedule",
]
