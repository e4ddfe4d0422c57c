"""Wire forms of versions of the catalogue."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from shared.kit.decimal_fields import ExactObject
from shared.reporting.catalogue.versions import (
    ChangeKind,
    find_figure_changes,
    find_row_changes,
    make_version_name,
)
from shared.reporting.catalogue_versions.actions import ReplacedCatalogue
from shared.reporting.decisions import DecisionIn
from shared.reporting.file_models import CatalogueVersion

MAX_ROWS = 5_000
"""The criteria of rural communes are some hundred rows."""

Rows = Annotated[list[dict[str, Any]], Field(max_length=MAX_ROWS)]


class TablesIn(BaseModel):
    """The rows of a catalogue by table, as its file states them (see CONTRIBUTING.md)."""

    model_config = ConfigDict(extra="forbid")

    program: str = Field(min_length=1, max_length=20, description="the program")
    form: Rows = Field(description="forms, with their due days, steps and whole tables")
    indicator: Rows = Field(description="indicators, a row for each version")
    figure: Rows = Field(
        default_factory=list, description="figures, with formulas of the known kinds and breaks"
    )
    standard: Rows = Field(default_factory=list, description="standards, with the forms that belong to them")
    dimension: Rows = Field(default_factory=list, description="dimensions, with their members")
    identity: Rows = Field(
        default_factory=list, description="what must hold between the members of a dimension and a total"
    )
    bound: Rows = Field(
        default_factory=list,
        description="how values compare with those of other programs, whose feeds are followed",
    )
    relation: Rows = Field(
        default_factory=list, description="what must hold between sums of indicators, also of different forms"
    )
    withholding: Rows = Field(
        default_factory=list,
        description="floors of persons under which members of a dimension are withheld from public reads",
    )
    criteria_set: Rows = Field(
        default_factory=list,
        description="sets of criteria under which units are recognized, in programs that have them; left out: the shipped ones",
    )
    national_target: Rows = Field(
        default_factory=list, description="targets that the national program sets for every province"
    )


class CatalogueIn(BaseModel):
    """Another version of the catalogue, and the decision behind it."""

    model_config = ConfigDict(extra="forbid")

    decision: DecisionIn = Field(description="the decision that changes what is measured")
    tables: TablesIn


class CatalogueVersionSummary(BaseModel):
    """A version of the catalogue in a list."""

    number: int = Field(description="counted from 1; 0 is the file that is shipped")
    version: str | None = Field(
        description="its name, as figures carry it: the number and the hash's beginning"
    )
    sha256: str = Field(description="SHA-256 of its rows, in hex")
    decision_number: str | None = Field(description="number of the decision; null where a file was loaded")
    decision_date: date | None = Field(description="date of the decision")
    client_id: str | None = Field(description="who replaced the catalogue; null where a file did")
    recorded_at: datetime = Field(description="since when it is in use")

    @classmethod
    def from_version(cls, version: CatalogueVersion, **more: Any) -> Self:
        """Serialize a version."""
        return cls(
            number=version.number,
            version=make_version_name(version.number, version.tables),
            sha256=version.sha256,
            decision_number=version.decision_number,
            decision_date=version.decision_date,
            client_id=version.client_id,
            recorded_at=version.recorded_at,
            **more,
        )


class CatalogueVersionOut(CatalogueVersionSummary):
    """A version of the catalogue with its rows."""

    tables: ExactObject = Field(description="its rows by table, as its file states them")


class ProgramCatalogueOut(BaseModel):
    """The catalogue in use."""

    version: str | None = Field(
        description="its name, as figures carry it: the number and the hash's beginning"
    )
    tables: ExactObject = Field(description="its rows by table, as its file states them")


class RowChangeOut(BaseModel):
    """A row that is added, changed or removed."""

    table: str = Field(description="the table")
    code: str = Field(description="code of the row; of an identity its indicator and total")
    valid_from: date | None = Field(description="its first day")
    change: ChangeKind = Field(description="added, changed or removed")


class FigureChangeOut(BaseModel):
    """A figure that is added or removed, or that is made or read otherwise."""

    figure: str = Field(description="code of the figure, with a member of its dimension after a full stop")
    change: ChangeKind = Field(description="added, changed or removed")


class CatalogueReplacedOut(BaseModel):
    """The changes that a replacement of the catalogue makes."""

    state: Literal["replaced", "unchanged", "checked"] = Field(
        description="replaced; unchanged: the rows are those in use; checked: a dry run"
    )
    version: str | None = Field(description="name of the version; null after a dry run")
    replaces: str | None = Field(description="name of the version before")
    rows: list[RowChangeOut] = Field(description="the rows that differ")
    figures: list[FigureChangeOut] = Field(description="the figures that change by it")

    @classmethod
    def from_replaced(cls, replaced: ReplacedCatalogue, *, dry_run: bool) -> Self:
        """Serialize the difference of two versions."""
        before, after = replaced.before, replaced.after
        changed = replaced.version is not None
        return cls(
            state="unchanged" if not changed else "checked" if dry_run else "replaced",
            version=after.version if not dry_run else None,
            replaces=before.version,
            rows=[
                RowChangeOut.model_validate(row, from_attributes=True)
                for row in (find_row_changes(before.all_rows, after.all_rows) if changed else ())
            ],
            figures=[
                FigureChangeOut.model_validate(figure, from_attributes=True)
                for figure in (find_figure_changes(before, after) if changed else ())
            ],
        )
