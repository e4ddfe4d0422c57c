"""The facts about a request that the rules of entries use. Pure."""

from datetime import date, datetime
from typing import Protocol

from services.funding.catalogue import FundingCatalogue
from services.funding.deadlines import Deadlines
from services.funding.units import Grants, UnitVersion
from shared.territory.tree import Territory


class RequestContext(Protocol):
    """A request without its transaction. `context.py` has the one that routes get."""

    @property
    def catalogue(self) -> FundingCatalogue:
        """The codes that entries may name."""

    @property
    def territory(self) -> Territory:
        """The units."""

    @property
    def caller(self) -> Grants:
        """The client and its rights."""

    @property
    def now(self) -> datetime:
        """The instant of the request."""

    @property
    def today(self) -> date:
        """The day of the request in Vietnam."""

    @property
    def deadlines(self) -> Deadlines:
        """The last days of payment and settlement."""

    def require(self, program: str, unit: str, on: date) -> None:
        """Raise `Forbidden` where the program or the unit was not granted to the caller."""

    def require_version(self, program: str, unit_version: UnitVersion, on: date) -> None:
        """Raise the same for a unit that may have ended: rights over it follow its land."""
