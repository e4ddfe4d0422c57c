"""The ledger over HTTP, and the client of a finance office."""

import uuid
from dataclasses import dataclass
from itertools import count

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from services.funding.app import create_app
from services.funding.settings import FundingSettings
from shared.kit.clock import system_clock
from tests.in_process import ApplicationClient
from tests.statements import sent_by

LINE = {"year": 2023, "program": "poverty", "capital": "investment", "source": "central", "unit": "610"}
DECISION = {"number": "68/NQ-HĐND", "date": "2022-12-12"}
VOUCHER = {"source": "KBNN Kon Tum", "number": "GRT-1"}
NUMBERS = count(2)


def decision():
    """A decision of its own: entries of one decision, line and amount are the same fact."""
    return {**DECISION, "number": f"{next(NUMBERS)}/NQ-HĐND"}


def voucher():
    """A voucher that no entry has yet."""
    return {"source": "KBNN Kon Tum", "number": f"GRT-{next(NUMBERS)}"}


@dataclass
class Office:
    """A client with a token; `post` gives a fresh Idempotency-Key each time."""

    http: AsyncClient
    token: str
    app: FastAPI

    def post(self, what, body, *, key=None, **params):
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Idempotency-Key": key or uuid.uuid4().hex,
            "Accept-Language": "en",
        }
        return self.http.post(f"/v1/funding/{what}", json=body, headers=headers, params=params)

    def get(self, path, **params):
        path = path if path.startswith("/") else f"/v1/funding/{path}"
        return self.http.get(
            path,
            params=params or None,
            headers={"Authorization": f"Bearer {self.token}", "Accept-Language": "en"},
        )

    async def allocate(self, amount, **line):
        return await self.decide("allocations", amount, **line)

    async def decide(self, what, amount, **line):
        """Record what a decision is behind: an assignment, a transfer, a return, …"""
        return await done(self.post(what, {**LINE, "amount_vnd": amount, "decision": decision(), **line}))

    async def disburse(self, amount, **line):
        return await done(
            self.post("disbursements", {**LINE, "amount_vnd": amount, "voucher": voucher(), **line})
        )

    async def commit(self, amount, **line):
        return await done(
            self.post("commitments", {**LINE, "amount_vnd": amount, "voucher": voucher(), **line})
        )

    async def carry_over(self, amount, **line):
        body = {**LINE, "amount_vnd": amount, "decision": decision(), "from_year": 2023, **line}
        del body["year"]
        return await done(self.post("carry-overs", body))

    async def reverse(self, entry, **more):
        return await done(
            self.post("reversals", {"reverses": entry["id"], "reason": "Hạch toán nhầm", **more})
        )


async def done(request):
    """The body of an answer that took effect."""
    answer = await request
    assert answer.status_code == 201, answer.text
    return answer.json()


def with_total(answer):
    """The rows of an answer about progress, and its total last."""
    return [*answer["rows"], answer["total"]]


def build_app(database, *, clock=system_clock, **settings):
    """Build the ledger; it seals nothing by itself."""
    chosen = {"database_url": database.url("funding"), "seal_every_seconds": 3600, **settings}
    return create_app(FundingSettings(**chosen), clock)


@pytest.fixture
async def app(build, issuer):
    app = issuer.trust(build(build_app))
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
def ran(app):
    """The statements that the app has sent to its database since the test last cleared them."""
    with sent_by(app) as sent:
        yield sent


@pytest.fixture
async def http(app):
    async with ApplicationClient(transport=ASGITransport(app), base_url="http://funding") as client:
        client.app = app
        yield client


@pytest.fixture
def office(http, issuer, app):
    """The finance office of the province, for all three programs."""
    token = issuer.token("finance", ["funding"], ["rural", "poverty", "ethnic"], ["62"])
    return Office(http, token, app)
