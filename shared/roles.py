"""The roles of this product: which scopes a client may have, and what each lets it do on a route.

A route names its role by a type: a unit of work (`InsiderUnitOfWork`), a context of its service, or the caller alone
(`Reporter`). A test proves that every route has a guard.
"""

from typing import Annotated, Literal, get_args

from fastapi import Depends

from shared.kit.database import UnitOfWork
from shared.kit.identity import AllowsAnyone, AllowsPublic, Caller, Requires
from shared.kit.transactions import unit_of_work_for

ClientScope = Literal["report", "review", "target", "register", "funding", "oversight", "read", "admin"]
SCOPES: tuple[str, ...] = get_args(ClientScope)

INSIDER_SCOPES = ("read", "review", "target", "register", "funding", "oversight", "admin")
"""Scopes that see what is not public; `report` alone sees its own reports, and what is public."""

REPORT = Requires(("report",))
"""May submit and withdraw reports for its units."""
REVIEW = Requires(("review",))
"""May accept and return reports."""
WITHDRAW = Requires(("report", "review"))
"""May take back its own pending report, or an accepted one as a reviewer."""
PLAN = Requires(("target",))
"""May set targets."""
REGISTER = Requires(("register",))
"""May keep registers: recognitions, products, classifications."""
OVERSEE = Requires(("oversight",))
"""May keep the records of oversight: bodies, documents, inspections, tasks."""
SEND_FILES = Requires(("report", "oversight"))
"""May send a file that a report or a record names."""
FINANCE = Requires(("funding",))
"""May write the ledger."""
READ = Requires(SCOPES)
"""Any client with a scope here; sees what is not public."""
INSIDE = Requires(INSIDER_SCOPES)
"""A client that sees what is not public: unreviewed figures, the change feed."""
ADMINISTER = Requires(("admin",))
"""May manage clients."""
PUBLIC = AllowsPublic("read")
"""Anyone, unless the installation closes public reads; then any client."""
OPEN = AllowsAnyone()
"""Open to everybody always: health, keys, the API's own description."""

Reporter = Annotated[Caller, Depends(REPORT)]
PublicReader = Annotated[Caller, Depends(PUBLIC)]

ReaderUnitOfWork = Annotated[UnitOfWork, unit_of_work_for(READ)]
InsiderUnitOfWork = Annotated[UnitOfWork, unit_of_work_for(INSIDE)]
AdministratorUnitOfWork = Annotated[UnitOfWork, unit_of_work_for(ADMINISTER)]
OverseerUnitOfWork = Annotated[UnitOfWork, unit_of_work_for(OVERSEE)]
PublicUnitOfWork = Annotated[UnitOfWork, unit_of_work_for(PUBLIC)]
