"""The dated facts of the ledger, read from the folder `data` or from an installation's own."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise, product
from pathlib import Path
from typing import Annotated, get_args

from pydantic import AfterValidator, Field

from services.funding.catalogue import (
    Agency,
    Component,
    CounterpartRatio,
    FundingCatalogue,
    Program,
    Source,
)
from services.funding.deadlines import DeadlineRule, Deadlines, MoneyKind
from services.funding.forecast.profiles import (
    MAX_PACE_PPB,
    MAX_PAST_YEARS,
    MONTHS,
    PERCENT_PPB,
    ForecastMethod,
    PaymentProfile,
    to_shares,
)
from services.funding.ledger import CAPITALS, Capital
from shared.dated_facts.loader import FactsFile, open_facts
from shared.periods import ONE_DAY

DATA = Path(__file__).with_name("data")


def load_catalogue(folder: Path = DATA) -> FundingCatalogue:
    """Return the codes that entries name; refuse tables that contradict each other."""
    with open_facts(folder) as facts:
        programs = facts.rows("programs", Program, one_in_force=["code"])
        components = facts.rows("components", Component, one_in_force=["code"])
        sources = facts.rows(
            "sources",
            Source,
            aliases={"in_rate": "in_disbursement_rate"},
            split=["official_codes"],
            one_in_force=["code"],
        )
        agencies = facts.rows("agencies", Agency, one_in_force=["code"])
        ratios = facts.rows(
            "counterpart_ratios", CounterpartRatio, one_in_force=["province", "program", "capital"]
        )
        catalogue = FundingCatalogue(
            programs={program.code: program for program in programs},
            components={component.code: component for component in components},
            sources={source.code: source for source in sources},
            agencies={agency.code: agency for agency in agencies},
            ratios=ratios,
        )
        _find_unknown_codes(facts, catalogue)
        _find_lost_agencies(facts, catalogue)
    return catalogue


def load_deadlines(folder: Path = DATA) -> Deadlines:
    """Return the deadlines of money; refuse a table that leaves some money without one."""
    with open_facts(folder) as facts:
        rules = facts.rows("deadlines", DeadlineRule, one_in_force=["capital", "money", "budget_year"])
        general = {(rule.capital, rule.money) for rule in rules if rule.budget_year is None}
        for capital, money in product(CAPITALS, get_args(MoneyKind)):
            if (capital, money) not in general:
                facts.add_fault("deadlines", what=f"no deadline for {money} {capital} money")
    return Deadlines(rules)


ProfilePercent = Annotated[Decimal, Field(ge=0, le=100)]
Weight = Annotated[Decimal, Field(ge=1, le=1000)]


def _check_disbursed(disbursed: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
    if len(disbursed) < MONTHS or any(later < earlier for earlier, later in pairwise(disbursed)):
        raise ValueError("twelve months or more are wanted, and none below the one before")
    return disbursed


@dataclass(frozen=True, slots=True)
class MethodRow:
    """The head of the file: how much the ledger's own past and pace weigh."""

    covers_percent: Annotated[int, Field(ge=1, le=99)]
    past_years: Annotated[int, Field(ge=0, le=MAX_PAST_YEARS)]
    capital_weight_percent: Weight
    line_weight_percent: Weight


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """A profile in percent, as the file states it."""

    capital: Capital
    valid_from: date
    disbursed_percent: Annotated[tuple[ProfilePercent, ...], AfterValidator(_check_disbursed)]
    extended_percent: ProfilePercent
    slow_percent: ProfilePercent
    quick_percent: Annotated[Decimal, Field(ge=100, le=MAX_PACE_PPB // PERCENT_PPB)]
    legal_basis: str
    source: str
    confidence: str

    def to_profile(self) -> PaymentProfile:
        """Return the profile in parts per billion."""
        return PaymentProfile(
            capital=self.capital,
            valid_from=self.valid_from,
            shares_ppb=to_shares([_to_ppb(percent) for percent in self.disbursed_percent]),
            extended_share_ppb=_to_ppb(self.extended_percent),
            slow_ppb=_to_ppb(self.slow_percent),
            quick_ppb=_to_ppb(self.quick_percent),
            legal_basis=self.legal_basis,
            source=self.source,
            confidence=self.confidence,
        )


def load_method(folder: Path = DATA) -> ForecastMethod:
    """Return how disbursement is forecast; refuse a file that leaves some money without a profile."""
    with open_facts(folder / "foresight.toml") as facts:
        head = facts.header(MethodRow)
        rows = facts.rows("profile", ProfileRow, one_in_force=["capital", "valid_from"])
        for capital in CAPITALS:
            if all(row.capital != capital for row in rows):
                facts.add_fault("profile", what=f"no profile for {capital} money")
    assert head is not None, "a head with faults was refused above"
    return ForecastMethod(
        covers_percent=head.covers_percent,
        past_years=head.past_years,
        capital_weight_ppb=_to_ppb(head.capital_weight_percent),
        line_weight_ppb=_to_ppb(head.line_weight_percent),
        profiles=tuple(row.to_profile() for row in rows),
    )


def _to_ppb(percent: Decimal) -> int:
    return int(percent * PERCENT_PPB)


def _find_unknown_codes(facts: FactsFile, catalogue: FundingCatalogue) -> None:
    """Add a fault for each code that names a row of another table which is not there."""
    for component in catalogue.components.values():
        if component.program not in catalogue.programs:
            facts.add_fault(
                "components", component.code, "program", what=f"unknown program: {component.program}"
            )
        if component.parent is not None and component.parent not in catalogue.components:
            facts.add_fault(
                "components", component.code, "parent", what=f"unknown component: {component.parent}"
            )
    for ratio in catalogue.ratios:
        if ratio.program not in catalogue.programs:
            facts.add_fault("counterpart_ratios", "", "program", what=f"unknown program: {ratio.program}")
    if not catalogue.counted_sources:
        facts.add_fault("sources", what="no source counts in the disbursement rate")


def _find_lost_agencies(facts: FactsFile, catalogue: FundingCatalogue) -> None:
    """Add a fault for each agency whose successor is not in force when it ends."""
    for agency in catalogue.agencies.values():
        if agency.successor is None:
            continue
        following = catalogue.agencies.get(agency.successor)
        if following is None or agency.valid_to is None or following.valid_from > agency.valid_to + ONE_DAY:
            explanation = f"{agency.successor} is not there when it ends"
            facts.add_fault("agencies", agency.code, "successor", what=explanation)
