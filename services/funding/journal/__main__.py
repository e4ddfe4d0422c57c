"""`python -m services.funding.journal [--noted HASH]`: verify the ledger of the database at NTP_DATABASE_URL.

Prints the findings as JSON; exits with 1 where something is wrong. It only reads.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from services.funding.journal.verify import Findings, verify
from services.funding.settings import FundingSettings
from shared.kit.database import Database


async def verify_database(settings: FundingSettings, noted: str | None) -> Findings:
    """Verify the ledger in one snapshot of its database."""
    database = Database(settings.database_url.get_secret_value(), pool_size=1, application="funding-verify")
    try:
        async with database.reading() as session:
            return await verify(session, noted)
    finally:
        await database.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m services.funding.journal", description=__doc__)
    parser.add_argument("--noted", help="hash of a block, noted before, that must be in the chain")
    options = parser.parse_args(arguments)
    findings = asyncio.run(verify_database(FundingSettings(), options.noted))
    sys.stdout.write(json.dumps(asdict(findings), indent=1) + "\n")
    return 1 if findings.faults else 0


if __name__ == "__main__":
    sys.exit(main())
