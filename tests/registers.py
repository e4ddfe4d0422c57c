"""Clients of a program's service in process, and the demo's tables, for the tests of registers."""

import csv
import uuid
from datetime import datetime
from pathlib import Path

import httpx

from shared.kit.resources import get_resources
from shared.reporting.engine import ReportingEngine
from tests.issuer import Issuer

DATA = Path(__file__).parents[1] / "examples" / "kontum-2023" / "data"


def table(name: str) -> list[dict[str, str]]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def decision(row: dict[str, str]) -> dict[str, str]:
    return {"number": row["decision_number"], "date": row["decision_date"]}


class Clients:
    """Posts as an agency, a reviewer or a district; every POST with a key of its own."""

    def __init__(self, http: httpx.AsyncClient, issuer: Issuer, program: str, now: datetime) -> None:
        self.http = http
        self.issuer = issuer
        self.program = program
        self.times = {"iat": int(now.timestamp()), "exp": int(now.timestamp()) + 3600}

    @property
    def catalogue(self):
        return get_resources(self.http._transport.app).get(ReportingEngine).catalogue

    def headers(self, *scopes: str, units=("62",), client_id="agency", programs=None) -> dict[str, str]:
        token = self.issuer.token(client_id, scopes, programs or (self.program,), units, **self.times)
        return {
            "Authorization": f"Bearer {token}",
            "Idempotency-Key": str(uuid.uuid4()),
            "Accept-Language": "en",
        }

    async def register(self, path: str, body: object, **who) -> httpx.Response:
        return await self.http.post(
            f"/v1/{self.program}/{path}", json=body, headers=self.headers("register", **who)
        )

    async def kept(self, path: str, body: object, **who) -> dict:
        answer = await self.register(path, body, **who)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def refused(self, path: str, body: object, status: int, code: str, **who) -> dict:
        answer = await self.register(path, body, **who)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        return answer.json()

    async def faults(self, path: str, body: object, **who) -> dict[str, str]:
        problem = await self.refused(path, body, 422, "invalid", **who)
        return {each["pointer"]: each["code"] for each in problem["errors"]}

    async def get(self, path: str, **query) -> dict:
        answer = await self.http.get(f"/v1/{self.program}/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def follow(self, address: str) -> list[dict]:
        """Every item of a list, page by page."""
        items, cursor = [], None
        while True:
            joined = f"{address}&limit=50" + (f"&cursor={cursor}" if cursor else "")
            answer = await self.http.get(joined)
            assert answer.status_code == 200, answer.text
            items += answer.json()["items"]
            cursor = answer.json()["next"]
            if cursor is None:
                return items

    async def figures(self, period: str = "2023", unit: str = "62", **query) -> dict[str, dict]:
        said = await self.get("progress", period=period, unit=unit, **query)
        return {figure["indicator"]: figure for figure in said["figures"]}

    async def report_and_accept(self, form: str, rows: list[dict[str, str]], period: str = "2023") -> None:
        for district in sorted({row["district"] for row in rows}):
            observations = [
                {
                    "unit": row["unit"],
                    "indicator": row["indicator"],
                    "value": int(row["value"]),
                    "status": row["status"],
                }
                for row in rows
                if row["district"] == district
            ]
            body = {"unit": district, "period": period, "form": form, "observations": observations}
            headers = self.headers("report", units=(district,), client_id=f"district-{district}")
            submitted = await self.http.post(f"/v1/{self.program}/reports", json=body, headers=headers)
            assert submitted.status_code == 201, submitted.text
            said = submitted.json()
            accepted = await self.http.post(
                f"/v1/{self.program}/reports/{said['id']}/accept",
                json={"content_sha256": said["content_sha256"]},
                headers=self.headers("review", client_id="reviewer"),
            )
            assert accepted.status_code == 200, accepted.text
