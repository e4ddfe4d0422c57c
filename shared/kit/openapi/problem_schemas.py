"""Problems in the OpenAPI document: their schemas, and a response for each set of codes that an operation may answer.

A response is named by its codes (`report_exists.report_state`), so equal ones of all services are one in the merged document.
"""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from string import Formatter
from typing import Any

from shared.kit.exception_handlers import PROBLEM_JSON
from shared.kit.openapi.header_fields import HEADERS_OF_STATUS, refer_to_header
from shared.kit.problems import Problem, Sentence
from shared.kit.validation_faults import SHAPES

FORMAT = Formatter()
BASE_ARGUMENTS = {"self", *inspect.signature(Problem.__init__).parameters}
EXAMPLE_ORIGIN = "https://ntp.example.gov.vn"
RESPONSES = "#/components/responses/"
_SCHEMAS = "#/components/schemas/"
_TEXT = {"type": "string"}

PROBLEM_RESPONSE: dict[str, Any] = {
    "description": "A refusal",
    "content": {PROBLEM_JSON: {"schema": {"$ref": f"{_SCHEMAS}Problem"}}},
}
"""The default response of every operation: a refusal that is not listed."""

SCHEMAS: dict[str, Any] = {
    "Problem": {
        "title": "Problem",
        "description": "A refusal (RFC 9457); its facts are further members.",
        "type": "object",
        "required": ["type", "title", "status", "detail", "instance", "code"],
        "properties": {
            "type": {
                **_TEXT,
                "description": "address of the page of this problem: `…/problems/` and the code",
            },
            "title": {**_TEXT, "description": "what kind of refusal it is"},
            "status": {"type": "integer", "description": "the HTTP status again"},
            "detail": {**_TEXT, "description": "one sentence, Vietnamese or English by Accept-Language"},
            "instance": {**_TEXT, "description": "the path of the request"},
            "code": {**_TEXT, "description": "which refusal it is; never changes"},
            "errors": {
                "type": "array",
                "description": "every fault of the body or the parameters",
                "items": {"$ref": f"{_SCHEMAS}Fault"},
            },
        },
        "example": {
            "type": f"{EXAMPLE_ORIGIN}/problems/invalid",
            "title": "Nội dung không hợp lệ",
            "status": 422,
            "detail": "Nội dung có lỗi; xem danh sách lỗi.",
            "instance": "/v1/…",
            "code": "invalid",
            "errors": [{"pointer": "/1/value", "code": "not_a_number", "detail": "Phải là số."}],
        },
    },
    "Fault": {
        "title": "Fault",
        "description": "One thing that is wrong.",
        "type": "object",
        "required": ["pointer", "code", "detail"],
        "properties": {
            "pointer": {
                **_TEXT,
                "description": "where: a JSON pointer (RFC 6901); parameters below `/query`, `/path`",
            },
            "code": {
                "description": "which fault it is; never changes. A fault of shape, or one of the operation's rules",
                "anyOf": [{"$ref": f"{_SCHEMAS}ShapeCode"}, _TEXT],
            },
            "detail": {**_TEXT, "description": "one sentence, in the language of the answer"},
        },
    },
    "ShapeCode": {
        "title": "ShapeCode",
        "description": "Faults of shape, which every operation may name; /problems has the sentence of each.",
        "type": "string",
        "enum": list(dict.fromkeys(shape.code for shape in SHAPES)),
    },
}


def describe_problem(problem: type[Problem], facts: Iterable[str] = ()) -> dict[str, Any]:
    """Return what the reference says of a problem: status, sentences, meaning, and the names of its facts."""
    sentences = {"title": problem.title, "detail": problem.detail, "advice": problem.advice}
    own = inspect.signature(problem.__init__).parameters.keys() - BASE_ARGUMENTS
    in_sentence = {name for sentence in problem.detail for _, name, *_ in FORMAT.parse(sentence) if name}
    return {
        "status": problem.status,
        **{name: {"vi": sentence.vi, "en": sentence.en} for name, sentence in sentences.items()},
        "meaning": inspect.cleandoc(problem.__doc__ or ""),
        "facts": sorted({*facts, *in_sentence, *own}),
        "media_type": problem.media_type,
    }


def describe_fault(sentences: Iterable[Sentence]) -> list[dict[str, str]]:
    """Return the sentences of a fault, in both languages."""
    return [{"vi": sentence.vi, "en": sentence.en} for sentence in sorted(sentences)]


def name_response(codes: Iterable[str]) -> str:
    """Return the name of the response that lists these codes."""
    return ".".join(sorted(codes))


def read_response_codes(response: Mapping[str, Any]) -> list[str]:
    """Return the codes of a reference to such a response; none of any other, whose name has a capital."""
    reference = str(response.get("$ref", ""))
    name = reference.removeprefix(RESPONSES)
    return name.split(".") if reference.startswith(RESPONSES) and name.islower() else []


def group_codes(codes: Iterable[str], problems: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return codes by their status, both in order."""
    groups: dict[str, list[str]] = {}
    for code in sorted(codes, key=lambda code: (problems[code]["status"], code)):
        groups.setdefault(str(problems[code]["status"]), []).append(code)
    return groups


def refer_to_response(codes: Iterable[str]) -> dict[str, Any]:
    """Return the reference to the response that lists these codes."""
    return {"$ref": RESPONSES + name_response(codes)}


def add_problem_components(document: dict[str, Any], problems: Mapping[str, Mapping[str, Any]]) -> None:
    """Add the schemas of problems, each response that an operation refers to, and an example of each of its codes."""
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(SCHEMAS)
    named = {
        tuple(codes)
        for operations in document["paths"].values()
        for operation in operations.values()
        for response in operation["responses"].values()
        if (codes := read_response_codes(response))
    }
    responses = {name_response(codes): _make_response(codes, problems) for codes in sorted(named)}
    examples = {code: _make_example(code, problems[code]) for code in sorted({*chain(*named)})}
    components.setdefault("responses", {}).update(responses)
    components.setdefault("examples", {}).update(examples)


def _make_response(codes: Sequence[str], problems: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the response of one status: its codes, each with its example, whose summary is the sentence."""
    status = problems[codes[0]]["status"]
    examples = {code: {"$ref": f"#/components/examples/{code}"} for code in codes}
    content = {"schema": PROBLEM_RESPONSE["content"][PROBLEM_JSON]["schema"], "examples": examples}
    headers = {name: refer_to_header(name) for name in HEADERS_OF_STATUS.get(status, ())}
    return {
        "description": ", ".join(f"`{code}`" for code in codes),
        **({"headers": headers} if headers else {}),
        "content": {problems[codes[0]]["media_type"]: content},
    }


def _make_example(code: str, problem: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document of a problem, with an ellipsis for each fact of its sentence."""
    facts = dict.fromkeys(problem["facts"], "…")
    value = {
        "type": f"{EXAMPLE_ORIGIN}/problems/{code}",
        "title": problem["title"]["vi"],
        "status": problem["status"],
        "detail": problem["detail"]["vi"].format_map(facts),
        "instance": "/v1/…",
        "code": code,
    }
    return {"summary": problem["detail"]["en"], "value": value}
