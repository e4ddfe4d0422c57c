"""The glossary says where each term lives, and is made from one source."""

from collections import Counter
from typing import Any

import pytest

from tests.architecture.glossary import PAGE, exists, read_sections, read_terms, render

TERMS = read_terms()


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term["term"])
def test_each_term_lives_where_the_glossary_says(term: Any) -> None:
    assert exists(term["lives_in"]), f"{term['lives_in']} is no module, and no name in one"


@pytest.mark.parametrize(
    "name", ["shared.nothing", "shared.periods.Nothing", "nothing", "shared.periods.Period.nothing"]
)
def test_a_name_that_is_gone_does_not_exist(name: str) -> None:
    assert not exists(name)


def test_the_page_is_what_the_source_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), (
        "docs/glossary.md is stale: .venv/bin/python -m tests.architecture.glossary --write"
    )


def test_each_term_is_explained_once() -> None:
    counts = Counter(term["term"] for term in TERMS)
    assert [term for term, count in counts.items() if count > 1] == []
    assert all(term["meaning"].endswith(".") for term in TERMS)
    assert all(section["term"] for section in read_sections())
