"""`python -m tests.benchmarks.poverty_forms`: the forms of a year's poverty review through the gateway.

First those of one district of 12 communes, one after another; then those of ten districts at once, each one form after another.
A form should take less than a second either way.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Mapping
from datetime import date
from uuid import uuid4

import httpx

from tests.benchmarks.installation import fetch_token, running_installation
from tests.poverty.review_forms import list_rows, make_review_forms
from tests.territory.shipped import shipped_territory

DISTRICT, OTHER_DISTRICT = "610", "611"
"""A district of 12 communes, and one that posts before it."""
LIMIT_S = 1.0
Rows = list[dict[str, object]]


def list_districts() -> dict[str, list[str]]:
    """Return the communes of each of the ten districts."""
    territory, on = shipped_territory(), date(2023, 12, 31)
    districts = [unit.code for unit in territory.children("62", on) if unit.level == "district"]
    return {code: [unit.code for unit in territory.communes(code, on)] for code in districts}


def make_forms(communes: list[str]) -> dict[str, Rows]:
    """Return the rows of each form, for all communes of a district; they agree with each other."""
    forms: dict[str, Rows] = {}
    for number, commune in enumerate(communes):
        of_commune = make_review_forms(400 + 10 * number, 80 + number, 40 + number)
        for form, values in of_commune.items():
            forms.setdefault(form, []).extend(list_rows(values, commune))
    return forms


async def post_forms(
    http: httpx.AsyncClient, token: str, district: str, period: str, forms: Mapping[str, Rows]
) -> list[tuple[str, int, float]]:
    """Post the forms of a district one after another; return form, number of values and seconds of each."""
    taken = []
    for form, rows in forms.items():
        body = {"unit": district, "period": period, "form": form, "observations": rows}
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4())}
        began_at = time.perf_counter()
        answer = await http.post("/v1/poverty/reports", json=body, headers=headers)
        taken.append((form, len(rows), time.perf_counter() - began_at))
        if answer.status_code != httpx.codes.CREATED:
            raise SystemExit(f"{form} of {district}: {answer.status_code} {answer.text[:500]}")
    return taken


async def measure() -> None:
    districts = list_districts()
    with running_installation() as installation:
        async with httpx.AsyncClient(base_url=installation.address("gateway"), timeout=60) as http:
            token = await fetch_token(installation, http, "bench", "report")
            forms = {code: make_forms(communes) for code, communes in districts.items()}
            await post_forms(http, token, OTHER_DISTRICT, "2024", forms[OTHER_DISTRICT])  # fills caches
            alone = await post_forms(http, token, DISTRICT, "2024", forms[DISTRICT])
            at_once = await asyncio.gather(
                *(post_forms(http, token, code, "2022", rows) for code, rows in forms.items())
            )
    print(f"{'form':32} values   alone   at once, of ten districts (median, longest)")
    for number, (form, count, seconds) in enumerate(alone):
        together = [taken[number][2] for taken in at_once]
        longest = max(together)
        mark = "" if max(seconds, longest) < LIMIT_S else f"  over {LIMIT_S:.0f} s"
        print(
            f"{form:32} {count:6}  {seconds:5.2f} s   {statistics.median(together):.2f} s  {longest:.2f} s{mark}"
        )


def main() -> None:
    argparse.ArgumentParser(prog="tests.benchmarks.poverty_forms", description=__doc__).parse_args()
    asyncio.run(measure())


if __name__ == "__main__":
    main()
