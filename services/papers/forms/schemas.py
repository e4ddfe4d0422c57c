"""Forms on the wire."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

FORM_EXAMPLE: dict[str, Any] = {
    "kind": "report",
    "program": "poverty",
    "form": "annual_review",
    "label": "Kết quả rà soát hộ nghèo, hộ cận nghèo hằng năm",
    "label_en": "Annual review of poor and near-poor households",
    "periods": ["year"],
    "path": "/v1/papers/forms/poverty/annual_review.xlsx?unit=610&period=2024",
}


class FormKindOut(BaseModel):
    """A form that can be downloaded."""

    model_config = ConfigDict(json_schema_extra={"example": FORM_EXAMPLE})

    kind: Literal["report", "register"] = Field(
        description="report: units as rows; register: a row for each record, also of a list or a treasury batch"
    )
    program: str = Field(description="the program, or funding")
    form: str = Field(description="code of the form")
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")
    periods: list[str] = Field(description="kinds of period it is for")
    path: str = Field(description="where its workbook is, for a unit and period")


class FormKindsOut(BaseModel):
    """The forms of all programs."""

    items: list[FormKindOut]


class ReadNumberOut(BaseModel):
    """A number that was typed as a text, and how it was read."""

    cell: str = Field(description="the cell: `Biểu nhập!C8`")
    text: str = Field(description="the text in it")
    value: float = Field(description="the number that was read")


class MissingPartsOut(BaseModel):
    """What the form has and the file does not."""

    units: list[str] = Field(description="codes of units whose rows are missing")
    columns: list[str] = Field(description="codes of columns that are missing")


class RegisterRowOut(BaseModel):
    """What became of a row of a register."""

    row: int = Field(description="its place among the rows that state something, from 0")
    cell: str = Field(description="its first cell")
    outcome: Literal["recorded", "existing", "refused", "fits"] = Field(
        description="recorded; existing: it was recorded before; refused; fits: nothing is wrong with it, and it is not kept, in a dry run or where other rows are refused"
    )
    location: str | None = Field(description="its address; null in a dry run and where it is not recorded")


class FormTakenOut(BaseModel):
    """What the program answered to a form."""

    report: dict[str, Any] | None = Field(
        description="the answer of the program to the report, list or batch; null for a register whose rows are sent one by one"
    )
    rows: list[RegisterRowOut] = Field(
        default_factory=list,
        description="what became of each row of a register whose rows are sent one by one",
    )
    dry_run: bool = Field(description="whether nothing was kept")
    cells: int = Field(description="number of cells that state something")
    read_as_numbers: list[ReadNumberOut] = Field(description="texts that were read as numbers")
    hidden_rows: list[str] = Field(description="cells of hidden rows whose values were taken as well")
    missing: MissingPartsOut
