"""The problem pages as HTML: no script, one style, both languages."""

import base64
import hashlib
from collections.abc import Iterable
from html import escape

from gateway.reference.problem_reference import BilingualOut, ProblemOut, ProblemsOut
from shared.kit.problems import Language

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.25rem .5rem;text-align:left;vertical-align:top}"
    "code{background:#f2f2f2;padding:0 .2rem}"
)

WORDS: dict[Language, dict[str, str]] = {
    "vi": {
        "problems": "Các từ chối", "code": "Mã", "status": "Trạng thái HTTP", "title": "Tên", "detail": "Ý nghĩa",
        "advice": "Cần làm gì", "facts": "Các trường", "operations": "Các thao tác có thể trả lời như vậy",
        "faults": "Các lỗi trong errors", "sentences": "Câu trong errors", "all": "Tất cả các từ chối",
    },
    "en": {
        "problems": "Problems", "code": "Code", "status": "HTTP status", "title": "Title", "detail": "Meaning",
        "advice": "What to do", "facts": "Facts", "operations": "Operations that may answer it",
        "faults": "Faults among errors", "sentences": "Sentences among errors", "all": "All problems",
    },
}  # fmt: skip


def make_security_policy() -> str:
    """Return the Content-Security-Policy of the pages: nothing but their own style."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def render_index(problems: ProblemsOut, language: Language) -> str:
    """Return the page that lists all problems and all faults."""
    words = WORDS[language]
    rows = [
        f'<tr><td><a href="/problems/{problem.code}"><code>{problem.code}</code></a></td><td>{problem.status}</td>'
        f"<td>{_format_in_both_languages(problem.title, language)}</td></tr>"
        for problem in problems.items
    ]
    faults = [
        f'<tr><td><a href="/problems/{fault.code}"><code>{fault.code}</code></a></td><td>{sentences}</td></tr>'
        for fault in problems.faults
        for sentences in ["<br>".join(_format_in_both_languages(text, language) for text in fault.details)]
    ]
    return _format_page(
        words["problems"],
        language,
        [
            _format_table((words["code"], words["status"], words["title"]), rows),
            f"<h2>{words['faults']}</h2>",
            _format_table((words["code"], words["detail"]), faults),
        ],
    )


def render_problem(problem: ProblemOut, language: Language) -> str:
    """Return the page of one problem, the preferred language first."""
    other: Language = "en" if language == "vi" else "vi"
    parts = [f"<p><code>{problem.code}</code> · HTTP {problem.status}</p>"]
    for shown in (language, other):
        words = WORDS[shown]
        facts = [
            f"<tr><td><code>{fact.name}</code></td><td>{escape(getattr(fact, shown))}</td></tr>"
            for fact in problem.facts
        ]
        parts += [
            f'<section lang="{shown}"><h2>{escape(getattr(problem.title, shown))}</h2>',
            f"<h3>{words['detail']}</h3><p>{escape(getattr(problem.detail, shown))}</p>",
            f"<h3>{words['advice']}</h3><p>{escape(getattr(problem.advice, shown))}</p>",
            f"<h3>{words['facts']}</h3>{_format_table((), facts)}" if facts else "",
            _format_sentences(words["sentences"], [getattr(text, shown) for text in problem.sentences]),
            "</section>",
        ]
    if problem.operations:
        names = " ".join(f"<code>{name}</code>" for name in problem.operations)
        parts.append(f"<h3>{WORDS[language]['operations']}</h3><p>{names}</p>")
    parts.append(f'<p><a href="/problems">{WORDS[language]["all"]}</a></p>')
    return _format_page(problem.code, language, parts)


def _format_sentences(head: str, sentences: list[str]) -> str:
    """Return the sentences of a code as a list; nothing where there is none."""
    if not sentences:
        return ""
    return f"<h3>{head}</h3><ul>{''.join(f'<li>{escape(sentence)}</li>' for sentence in sentences)}</ul>"


def _format_in_both_languages(text: BilingualOut, language: Language) -> str:
    """Return a sentence, and the other language after it."""
    other: Language = "en" if language == "vi" else "vi"
    first, second = escape(getattr(text, language)), escape(getattr(text, other))
    return f'{first} <span lang="{other}">({second})</span>'


def _format_table(heads: Iterable[str], rows: Iterable[str]) -> str:
    head = "".join(f"<th>{text}</th>" for text in heads)
    return f"<table>{f'<tr>{head}</tr>' if head else ''}{''.join(rows)}</table>"


def _format_page(title: str, language: Language, parts: Iterable[str]) -> str:
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body><h1>{escape(title)}</h1>{''.join(parts)}</body></html>"
    )
