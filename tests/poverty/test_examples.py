"""The examples of a program's reference run as they stand."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI

from services.ethnic.app import create_app as ethnic
from services.ethnic.settings import EthnicSettings
from services.poverty.app import create_app as poverty
from services.poverty.settings import PovertySettings
from services.rural.app import create_app as rural
from services.rural.settings import RuralSettings
from tests.contracts.documents import load_document
from tests.in_process import open_client

PROGRAMS: dict[str, tuple[Callable[[Any], FastAPI], Callable[..., Any]]] = {
    "poverty": (poverty, PovertySettings),
    "rural": (rural, RuralSettings),
    "ethnic": (ethnic, EthnicSettings),
}


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS)
async def test_the_examples_of_the_engine_are_accepted(database, issuer, program):
    create_app, settings = PROGRAMS[program]
    app = issuer.trust(create_app(settings(database_url=database.url(program))))
    token = issuer.token("someone", ["report", "review", "target"], units=["62"])
    async with open_client(app) as http:
        document = load_document(program)
        schemas = document["components"]["schemas"]

        async def send(method, path, body, key):
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
            return await http.request(method, f"/v1/{program}/{path}", json=body, headers=headers)

        body = document["paths"][f"/v1/{program}/reports"]["post"]["requestBody"]["content"]
        examples = body["application/json"]["examples"]
        assert examples["values"]["value"]["observations"]
        for name, status in (("values", 201), ("nil", 409)):  # a unit states one report for a period
            report = await send("POST", "reports", examples[name]["value"], name)
            assert report.status_code == status, report.text
        publication = await send("POST", "publications", schemas["PublicationIn"]["example"], "b")
        assert publication.status_code == 201, publication.text
        targets = await send("PUT", "targets/2023/62", schemas["TargetsIn"]["example"], "c")
        assert targets.status_code == 200, targets.text
        go_live = await send("PUT", "go-lives/62", schemas["GoLiveIn"]["example"], "d")
        assert go_live.status_code == 200, go_live.text
