"""`ntp-outbox`: keep reports in a file, send them when the link allows, and see what became of each.

The file is `--file` or NTP_OUTBOX (by default outbox.db). Sending needs NTP_ORIGIN, NTP_CLIENT_ID and NTP_CLIENT_SECRET.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ntp_client.answers import ProblemFault
from ntp_client.client import NtpClient
from ntp_client.exact_json import read_json, write_json
from ntp_client.outbox.sending import ONE_ATTEMPT, CredentialsRefusedError, send_waiting
from ntp_client.outbox.store import KeyUsedError, Outbox, OutboxEntry

DONE, REFUSED, WAITING, USAGE = 0, 1, 3, 2
"""Exit codes: everything answered, something refused, something still waits, wrong use."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    options = make_parser().parse_args(arguments)
    run = {"add": add, "send": send, "list": list_entries, "why": explain, "receipts": print_receipts}
    try:
        with Outbox(options.file) as outbox:
            return run[options.command](outbox, options)
    except (LookupError, ValueError, KeyError, OSError, CredentialsRefusedError) as error:
        print(f"ntp-outbox: {error}", file=sys.stderr)
        return USAGE


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="ntp-outbox", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--file", type=Path, default=Path(os.environ.get("NTP_OUTBOX", "outbox.db")))
    commands = parser.add_subparsers(dest="command", required=True)
    adding = commands.add_parser("add", help="keep reports: a JSON object, or a line each; - reads the input")
    adding.add_argument("program", help="rural, poverty or ethnic; or a path such as /v1/poverty/reports")
    adding.add_argument("bodies", type=Path, nargs="+", metavar="FILE")
    adding.add_argument("--key", help="the key of a single report; by default a new one")
    adding.add_argument("--supersedes", metavar="KEY", help="the report of this key is replaced")
    sending = commands.add_parser("send", help="send what waits, in order")
    sending.add_argument(
        "--for", type=float, default=300.0, dest="for_s", metavar="SECONDS",
        help="stop when nobody answered for so long; 0 tries once (default 300)",
    )  # fmt: skip
    sending.add_argument("--again", metavar="KEY", action="append", default=[], help="a refused report too")
    listing = commands.add_parser("list", help="list what waits and what was refused")
    listing.add_argument("--all", action="store_true", help="what was answered too")
    explaining = commands.add_parser("why", help="tell why a report waits or was refused")
    explaining.add_argument("key", help="its key, or the beginning of it")
    commands.add_parser("receipts", help="print the receipt of each answered report, a JSON line each")
    return parser


def add(outbox: Outbox, options: argparse.Namespace) -> int:
    """Keep reports, and print the key of each."""
    bodies = [body for path in options.bodies for body in read_bodies(path)]
    if options.key and len(bodies) > 1:
        raise KeyUsedError(f"--key is for one report, not for {len(bodies)}")
    path = options.program if options.program.startswith("/") else f"/v1/{options.program}/reports"
    for body in bodies:
        print(outbox.add(path, body, key=options.key, supersedes=options.supersedes).key)
    return DONE


def read_bodies(path: Path) -> Iterable[dict[str, Any]]:
    """Return the reports of a file: one JSON object, or one on each line. Raises `ValueError`."""
    text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8-sig")
    try:
        bodies = [read_json(text)]
    except ValueError:
        bodies = [read_json(line) for line in text.splitlines() if line.strip()]
    if not bodies or not all(isinstance(body, dict) for body in bodies):
        raise ValueError(f"{path}: not a JSON object, nor one on each line")
    return bodies


def send(outbox: Outbox, options: argparse.Namespace) -> int:
    """Send what waits."""
    for key in options.again:
        outbox.send_again(key)
    origin, client_id, secret = (
        os.environ[name] for name in ("NTP_ORIGIN", "NTP_CLIENT_ID", "NTP_CLIENT_SECRET")
    )
    with NtpClient(origin, client_id, secret, retries=ONE_ATTEMPT, tokens=outbox) as client:
        result = send_waiting(outbox, client, for_s=options.for_s)
    print(f"{result.answered} answered, {result.refused} refused, {result.waiting} waiting")
    if result.waiting:
        print(f"ntp-outbox: {result.trouble or 'the next attempt is not due yet'}", file=sys.stderr)
        return WAITING
    return REFUSED if result.refused else DONE


def list_entries(outbox: Outbox, options: argparse.Namespace) -> int:
    """List submissions, one a line."""
    entries = outbox.iterate() if options.all else outbox.iterate("waiting", "refused")
    for entry in entries:
        print("\t".join([entry.key, entry.state, str(entry.attempts), describe(entry), summarize(entry)]))
    return DONE


def describe(entry: OutboxEntry) -> str:
    """Return what a submission is of: unit, form and period."""
    texts = (str(entry.body[name]) for name in ("unit", "form", "period") if entry.body.get(name))
    return " ".join(texts) or entry.path


def summarize(entry: OutboxEntry) -> str:
    """Return what became of a submission, in a few words."""
    if entry.state == "answered":
        return str(read_member(entry.answer, "id"))
    if entry.state == "refused":
        return f"{entry.status} {read_member(entry.answer, 'code')}"
    return entry.trouble or "not sent yet"


def read_member(document: Any, name: str) -> Any:
    """Return a member of an answer; an empty text where it has none."""
    return document.get(name, "") if isinstance(document, dict) else ""


def explain(outbox: Outbox, options: argparse.Namespace) -> int:
    """Tell what became of a submission, with every fault."""
    entry = outbox.get(options.key)
    print(f"{entry.key}  {describe(entry)}  added {entry.added_at}, {entry.attempts} attempts, {entry.state}")
    if entry.state == "waiting":
        print(entry.trouble or "It was not sent yet.")
    elif entry.state == "refused":
        print(f"{entry.status} {read_member(entry.answer, 'code')}: {read_member(entry.answer, 'detail')}")
        for fault in read_member(entry.answer, "errors") or ():
            print(f"  {ProblemFault(fault['pointer'], fault['code'], fault['detail'])}")
    else:
        print(f"answered {entry.decided_at}: {write_json(entry.answer).decode()}")
    return DONE


def print_receipts(outbox: Outbox, _: argparse.Namespace) -> int:
    """Print the receipt of each answered submission."""
    for entry in outbox.iterate("answered"):
        row = {
            "key": entry.key,
            **{name: entry.body.get(name) for name in ("unit", "form", "period")},
            "id": read_member(entry.answer, "id"),
            "receipt": read_member(entry.answer, "receipt"),
            "answered_at": entry.decided_at,
        }
        print(json.dumps(row, ensure_ascii=False, default=str))
    return DONE


if __name__ == "__main__":
    sys.exit(main())
