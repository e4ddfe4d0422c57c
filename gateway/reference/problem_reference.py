"""The reference of problems: what each code means, which facts it carries, what to do, which operations answer it.

A code that stands only among the `errors` of other problems, such as `value_too_precise`, is described as they are.
"""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shared.kit.openapi.problem_schemas import read_response_codes
from shared.kit.problems import Invalid, Sentence

FACTS = Path(__file__).with_name("facts.toml")

EXAMPLE: dict[str, Any] = {
    "code": "report_exists",
    "type": "https://ntp.example.gov.vn/problems/report_exists",
    "status": 409,
    "title": {"vi": "Đã có báo cáo", "en": "There is a report already"},
    "detail": {"vi": "Đã có báo cáo {report}.", "en": "There is the report {report} already."},
    "advice": {"vi": "Nêu báo cáo đó trong supersedes.", "en": "Name that report in supersedes."},
    "facts": [{"name": "report", "vi": "mã báo cáo", "en": "id of the report"}],
    "operations": ["poverty_submit_report"],
    "sentences": [],
}

FAULT_TITLE = Sentence("Lỗi của nội dung hoặc tham số", "Fault of the body or of a parameter")
FAULT_DETAIL = Sentence(
    "Một mục trong errors của vấn đề khác, thường là invalid: pointer chỉ vị trí, detail là một trong các câu dưới đây.",
    "An entry of the errors of another problem, mostly `invalid`: pointer says where, and detail is one of the sentences below.",
)


class BilingualOut(BaseModel):
    """A sentence in both languages; `{name}` stands for a fact."""

    vi: str = Field(description="in Vietnamese")
    en: str = Field(description="in English")


class ProblemFactOut(BilingualOut):
    """A member of the problem's documents, and what it means."""

    name: str = Field(description="name of the member")


class ProblemOut(BaseModel):
    """A refusal: what it means and what a client can do about it."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    code: str = Field(description="which refusal it is; never changes")
    type: str = Field(description="address of its page, as the member `type` of its documents")
    status: int = Field(description="the HTTP status")
    title: BilingualOut = Field(description="what kind of refusal it is")
    detail: BilingualOut = Field(description="what it means")
    advice: BilingualOut = Field(description="what to do")
    facts: list[ProblemFactOut] = Field(description="its members beside those of RFC 9457")
    operations: list[str] = Field(description="ids of the operations that may answer it")
    sentences: list[BilingualOut] = Field(
        [],
        description="its sentences as one of the `errors` of a problem; none where it is never one of them",
    )


class FaultCodeOut(BaseModel):
    """A fault, one of the `errors` of a problem."""

    code: str = Field(description="which fault it is; never changes")
    details: list[BilingualOut] = Field(description="its sentences")


class ProblemsOut(BaseModel):
    """Every problem of every service, and every fault that they name."""

    items: list[ProblemOut] = Field(description="the problems, by code")
    faults: list[FaultCodeOut] = Field(description="faults that problems name in `errors`, by code")


def list_problems(
    problems: Mapping[str, Mapping[str, Any]],
    faults: Mapping[str, list[dict[str, str]]],
    document: Mapping[str, Any],
    origin: str,
) -> ProblemsOut:
    """Return the reference of the problems and faults of all services; `document` is the merged one."""
    operations = _list_operations(document)
    items = [
        ProblemOut(
            code=code,
            type=f"{origin}/problems/{code}",
            status=problem["status"],
            title=problem["title"],
            detail=problem["detail"],
            advice=problem["advice"],
            facts=[
                ProblemFactOut(name=name, **load_fact_meanings().get(name, {"vi": name, "en": name}))
                for name in problem["facts"]
            ],
            operations=operations.get(code, []),
            sentences=_read_sentences(faults.get(code, [])),
        )
        for code, problem in sorted(problems.items())
    ]
    fault_codes = [
        FaultCodeOut(code=code, details=_read_sentences(sentences)) for code, sentences in faults.items()
    ]
    return ProblemsOut(items=items, faults=fault_codes)


def describe_fault_code(fault: FaultCodeOut, origin: str) -> ProblemOut:
    """Return the description of a code that stands only among the errors of problems."""
    return ProblemOut(
        code=fault.code,
        type=f"{origin}/problems/{fault.code}",
        status=Invalid.status,
        title=_to_bilingual(FAULT_TITLE),
        detail=_to_bilingual(FAULT_DETAIL),
        advice=_to_bilingual(Invalid.advice),
        facts=[],
        operations=[],
        sentences=fault.details,
    )


@cache
def load_fact_meanings() -> Mapping[str, Mapping[str, str]]:
    """Return the meaning of each fact in both languages."""
    meanings: Mapping[str, Mapping[str, str]] = tomllib.loads(FACTS.read_text(encoding="utf-8"))
    return meanings


def _list_operations(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the ids of the operations that may answer each code."""
    operations: dict[str, list[str]] = {}
    for methods in document["paths"].values():
        for operation in methods.values():
            for response in operation["responses"].values():
                for code in read_response_codes(response):
                    operations.setdefault(code, []).append(operation["operationId"])
    return operations


def _read_sentences(sentences: Iterable[Mapping[str, str]]) -> list[BilingualOut]:
    return [BilingualOut.model_validate(sentence) for sentence in sentences]


def _to_bilingual(sentence: Sentence) -> BilingualOut:
    return BilingualOut(vi=sentence.vi, en=sentence.en)
