"""Where foresight is read. Public, unless the installation closes public reads."""

from asyncio import to_thread
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from services.funding.context import FundingPublicContext
from services.funding.foresight import store
from services.funding.foresight.learning import Account, Expectation
from services.funding.foresight.pages import page_of
from services.funding.foresight.profiles import Method
from services.funding.foresight.risks import RiskAmounts, RiskRow, RisksOut
from services.funding.foresight.rules import (
    METHOD,
    DayToCome,
    Foreseen,
    Held,
    expectations,
    foresee,
)
from services.funding.foresight.schemas import (
    AssumptionOut,
    CurveOut,
    ForesightOut,
)
from services.funding.foresight.sums import Sum, group
from services.funding.lapses.api import CurrentDeadlines
from services.funding.ledger import CAPITALS, Capital
from services.funding.lineage import build_lineage
from services.funding.progress.schemas import UnitOut
from services.funding.query_params import (
    BookQuery,
    BudgetYearQuery,
    CapitalQuery,
    ComponentQuery,
    OriginYearQuery,
    ProgramQuery,
    UnitQuery,
    depends_on_groupings,
)
from services.funding.store import LedgerFilter
from shared.kit.change_feed import AsOf, read_newest_change
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Cursor, Limit, set_next_link
from shared.kit.resources import resource
from shared.kit.transactions import TransactionRoute
from shared.periods import local_day

GROUPINGS = ("program", "component", "capital", "source", "unit", "origin_year", "deadline")

router = APIRouter(tags=["progress"], route_class=TransactionRoute)

SeenOn = Annotated[
    IsoDate | None,
    Query(
        description="day to look from: what took effect later does not count; by default the day of `as_of`, or today",
        examples=["2023-09-30"],
    ),
]


@dataclass(frozen=True)
class View:
    """The lots asked for, foretold from a day, with what the answer says of them all."""

    year: int
    on: date
    lots: Sequence[Foreseen]
    expected: Mapping[Capital, Expectation]
    asked: Mapping[str, Any]
    said: Mapping[str, Any]

    def sum(self, capital: Capital | None = None) -> Sum:
        """Add up the lots of one capital kind, or all of them."""
        of = [it for it in self.lots if capital in {None, it.held.lot.line.capital}]
        return Sum(self.year, self.on, of)


async def _view(
    context: FundingPublicContext,
    deadlines: CurrentDeadlines,
    method: Annotated[Method, Depends(resource(Method))],
    year: BudgetYearQuery,
    program: ProgramQuery = None,
    component: ComponentQuery = None,
    capital: CapitalQuery = None,
    unit: UnitQuery = None,
    origin_year: OriginYearQuery = None,
    seen_on: SeenOn = None,
    as_of: AsOf = None,
    book: BookQuery = "agency",
) -> View:
    latest = context.today if as_of is None else min(context.today, local_day(as_of))
    seen = store.Seen(seen_on or latest, as_of, book)
    if seen.on > latest:
        raise DayToCome(seen.on, latest)
    sources = sorted(context.catalogue.counted_sources)
    scope = await context.scope(unit, year)
    sought = LedgerFilter(year, program, component, capital, sources, scope.places)
    accounts = await store.accounts(context.session, year, method.past_years, sources, deadlines, seen)
    held = await store.lots(context.session, sought, deadlines, seen)
    expected, lots = await to_thread(_foretold, method, year, accounts, held, seen.on)
    _, changed_at = await read_newest_change(context.session)
    narrowed = {"program": program, "component": component, "capital": capital, "origin_year": origin_year}
    return View(
        year=year,
        on=seen.on,
        lots=[it for it in lots if origin_year in {None, it.held.lot.origin_year}],
        expected=expected,
        asked={
            "year": year,
            **narrowed,
            "source": sources,
            "unit": unit,
            "until": seen.on,
            "as_of": as_of,
        },
        said={
            "year": year,
            "unit": UnitOut.from_unit(scope.unit) if scope.unit else None,
            "seen_on": seen.on,
            "as_of": min(filter(None, (as_of, changed_at)), default=None),
            "book": book,
            "sources": sources,
            "method": METHOD,
            "covers_percent": method.covers_percent,
        },
    )


TheView = Annotated[View, Depends(_view)]


def _foretold(
    method: Method, year: int, accounts: Sequence[Account], held: Sequence[Held], on: date
) -> tuple[Mapping[Capital, Expectation], list[Foreseen]]:
    """Reckon beside the loop: a province of thousands of lots takes a second, and the other requests go on meanwhile."""
    expected = expectations(method, year, accounts, on)
    return expected, foresee(expected, held, year, on)


@router.get("/foresight", summary="Read what is foretold of a year")
async def read_foresight(*, view: TheView) -> ForesightOut:
    """Read the disbursement curve of a year: month by month what was paid, and what is expected until the deadlines.

    `at` gives the probable rate on 31 December and on each deadline, with its range. It goes by the pace so far, against how
    past years of this ledger were paid out, or where there are none a shipped profile: `assumptions` says which, and how
    sure. A year that is over is answered by what happened. The answer stays the same all day while nothing is recorded.
    """
    return ForesightOut(
        **view.said,
        curves=await to_thread(_curves, view),
        assumptions=[AssumptionOut.of(each) for each in view.expected.values()],
    )


@router.get("/foresight/at-risk", summary="Read what is at risk of return", response_model_exclude_unset=True)
async def read_money_at_risk(
    *,
    request: Request,
    response: Response,
    view: TheView,
    by: Annotated[list[str], depends_on_groupings(GROUPINGS, "unit,component")],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> RisksOut:
    """Read what will probably be left on the deadlines, in any grouping, the slowest first.

    Every lot is foretold by itself, parted by deadline where a decision extended a part of it, and added up, so rows of
    any grouping add up to the same total, to the đồng, range included. Handing money back is an entry: `returns`; taking
    it into the next year too: `carry-overs`.
    """
    rows = await to_thread(group, view.lots, by, view.year, view.on)
    shown, following = page_of(rows, limit, cursor)
    set_next_link(request, response, following)
    return RisksOut(
        **view.said,
        total=RiskAmounts.said(view.sum(), {}),
        items=[
            RiskRow.said(row, {**row.keys, "lineage": build_lineage(row.keys, view.asked)}) for row in shown
        ],
        next=following,
    )


def _curves(view: View) -> list[CurveOut]:
    asked = view.asked["capital"]
    curves = [
        CurveOut.of(view.sum(capital), capital, build_lineage({"capital": capital}, view.asked))
        for capital in CAPITALS
        if asked in {None, capital}
    ]
    return [*curves, CurveOut.of(view.sum(), "total", build_lineage({}, view.asked))]
