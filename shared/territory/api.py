"""Where units are said: `/v1/units`, mounted by the gateway. Answered from memory, without a statement."""

import re
from collections.abc import Iterable
from heapq import nsmallest
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from shared.kit.clock import Now
from shared.kit.date_fields import IsoDate
from shared.kit.identity import PublicReader
from shared.kit.paging import Cursor, InvalidCursor, Limit, Page, decode_cursor, encode_cursor, set_next_link
from shared.kit.transactions import TransactionRoute
from shared.periods import local_day
from shared.territory.current import CurrentGazetteer, CurrentTerritory
from shared.territory.schemas import UnitDetail, UnitOut
from shared.territory.units import CODE_SHAPES, Level, Unit

router = APIRouter(prefix="/v1/units", tags=["units"], route_class=TransactionRoute)

On = Annotated[
    IsoDate | None, Query(description="the day; today in Vietnam when left out", examples=["2023-12-31"])
]
Parent = Annotated[
    str | None, Query(max_length=10, description="only units right below this one", examples=["610"])
]
Kind = Annotated[
    str | None, Query(max_length=20, description="only of this type: xa, phuong …", examples=["xa"])
]
Name = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=100,
        description="part of a name, with or without accents",
        examples=["dak ha"],
    ),
]


@router.get("", operation_id="list_units", summary="Administrative units of a day")
async def list_units(
    *,
    _: PublicReader,
    territory: CurrentTerritory,
    names: CurrentGazetteer,
    now: Now,
    request: Request,
    response: Response,
    on: On = None,
    level: Annotated[Level | None, Query(description="only this storey of the tree")] = None,
    parent: Parent = None,
    kind: Kind = None,
    q: Name = None,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> Page[UnitOut]:
    """Units that stood on a day, ordered by code. Names are found whatever the spelling: Đăk, Đắk or Dak."""
    day = on or local_day(now)
    standing = territory.children(parent, day) if parent else territory.units(day)
    chosen = (each for each in standing if level in (None, each.level) and kind in (None, each.kind))
    found = chosen if q is None else (each for each in chosen if names.answers_to(each, q))
    page = _page(found, limit=limit, cursor=cursor)
    set_next_link(request, response, page.next)
    return page


def _page(units: Iterable[Unit], *, limit: int, cursor: str | None) -> Page[UnitOut]:
    """Cut a page: on one day a code is one unit, so the code of the last one is where the next page begins."""
    after = decode_cursor(cursor) if cursor else ""
    if after and not any(re.fullmatch(shape, after) for shape in CODE_SHAPES.values()):
        raise InvalidCursor
    found = nsmallest(limit + 1, (each for each in units if each.code > after), key=lambda each: each.code)
    following = encode_cursor(found[limit - 1].code) if len(found) > limit else None
    return Page(items=[UnitOut.model_validate(each) for each in found[:limit]], next=following)


@router.get("/{code}", operation_id="get_unit", summary="One unit on a day, and what became of it")
async def get_unit(
    *, code: str, _: PublicReader, territory: CurrentTerritory, now: Now, on: On = None
) -> UnitDetail:
    """The unit that has this code on that day: what held it, what it held, what it was made from and became."""
    return UnitDetail.on_day(territory, code, on or local_day(now))
