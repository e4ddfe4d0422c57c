"""The made-up program with a preliminary form of its census."""

from dataclasses import replace

from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Form
from tests.reporting import office as offices
from tests.reporting.office import BASIS, NAME, YEAR

ORIGINAL = offices.catalogue


def make_early_catalogue() -> Catalogue:
    """Return the catalogue of the office with the form `early`, preliminary to the census."""
    plain = ORIGINAL()
    early = Form("early", NAME, frozenset({YEAR}), "district", **BASIS, preliminary_of="census")
    return replace(plain, forms={**plain.forms, "early": early})
