"""The counts of documents and bodies, against a recomputation, after any order of acts."""

import random
from datetime import date, timedelta
from typing import Any

import pytest

from tests.oversight.clients import record, write
from tests.oversight.records import make_document
from tests.program_clients import Clients

FIRST = date(2022, 1, 1)
DAYS = 790
KINDS = (
    "council_resolution",
    "committee_decision",
    "directive",
    "plan",
    "program",
    "official_letter",
    "report",
)
ISSUERS = {"council_resolution": "HDND_TINH"}
FIGURES = {
    "documents_issued": (set(KINDS) - {"report"}, False),
    "council_resolutions": ({"council_resolution"}, False),
    "normative_council_resolutions": ({"council_resolution"}, True),
    "committee_decisions": ({"committee_decision"}, False),
    "directives": ({"directive"}, False),
    "programs_and_plans": ({"plan", "program"}, False),
}


class Model:
    """What is recorded, and what a reader computes from it by hand."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        """The newest content by id; a withdrawn document is not in it."""

    def count(self, figure: str, on: str) -> int:
        kinds, normative = FIGURES[figure]
        return sum(
            document["kind"] in kinds
            and (document["normative"] or not normative)
            and self._is_in_force(document_id, on)
            for document_id, document in self.documents.items()
        )

    def _is_in_force(self, document_id: str, on: str) -> bool:
        document = self.documents[document_id]
        if on < document["effective_on"] or (document["expires_on"] or "9999") < on:
            return False
        return not any(
            relation["document"] == document_id and other["effective_on"] <= on
            for other in self.documents.values()
            for relation in other["relations"]
        )


def draw_document(choices: random.Random, number: int, model: Model) -> dict[str, Any]:
    signed_on = FIRST + timedelta(days=choices.randrange(DAYS - 60))
    effective_on = signed_on + timedelta(days=choices.choice((0, 0, 30)))
    expires_on = effective_on + timedelta(days=choices.randrange(500)) if choices.random() < 0.4 else None
    kind = choices.choice(KINDS)
    replaced = choices.choice(list(model.documents)) if model.documents and choices.random() < 0.3 else None
    return make_document(
        f"{number}/MT",
        kind=kind,
        issuer=ISSUERS.get(kind, "UBND_TINH"),
        normative=choices.random() < 0.5,
        signed_on=signed_on.isoformat(),
        effective_on=effective_on.isoformat(),
        expires_on=expires_on.isoformat() if expires_on else None,
        relations=[{"kind": "replaces", "document": replaced}] if replaced else [],
    )


@pytest.mark.parametrize("seed", range(2))
async def test_counts_equal_a_recomputation_after_any_order_of_acts(clients: Clients, seed: Any) -> None:
    choices, model, versions = random.Random(seed), Model(), dict[str, int]()
    snapshots = []
    for number in range(40):
        act = choices.choice(("record", "record", "correct", "withdraw"))
        document = draw_document(choices, number, model)
        if act == "record" or not model.documents:
            created = await record(clients, "documents", document)
            model.documents[created["id"]] = document
            versions[created["id"]] = 1
        else:
            document_id = choices.choice(list(model.documents))
            version = {"version": versions[document_id], "reason": "sửa"}
            if act == "withdraw":
                created = await record(clients, f"documents/{document_id}/withdraw", version)
                del model.documents[document_id]
            else:
                document["relations"] = [
                    relation for relation in document["relations"] if relation["document"] != document_id
                ]
                response = await write(
                    clients, f"documents/{document_id}/corrections", {**document, **version}
                )
                assert response.status_code == 201, response.text
                created = response.json()
                model.documents[document_id] = document
                versions[document_id] += 1
        if number % 10 == 9:
            expected = {
                period: {figure: model.count(figure, f"{period}-12-31") for figure in FIGURES}
                for period in ("2022", "2023")
            }
            snapshots.append((created["recorded_at"], expected))
    for as_of, expected in snapshots:
        for period, counts in expected.items():
            figures = await clients.read_figures(period, as_of=as_of)
            assert {figure: figures[figure]["value"] for figure in FIGURES} == counts, (period, as_of)
    figures = await clients.read_figures("2023")
    for figure in FIGURES:
        listed = await clients.list_all(figures[figure]["lineage"])
        assert len(listed) == figures[figure]["value"], figure
