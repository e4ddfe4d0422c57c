"""What composed answers share: fetch their parts side by side, describe the state of each, and answer with ages and a tag."""

import asyncio
import time
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any, NamedTuple

from fastapi import Request, Response

from gateway.composition.parts import PartFetcher, PartRequest, UpstreamPart, UpstreamRefusal
from gateway.composition.status import age_headers, describe_state
from gateway.settings import GatewaySettings
from shared.kit.answer_cache import give_once, keep_while
from shared.kit.etags import make_weak_etag, matches_if_none_match
from shared.kit.exact_json import write_json
from shared.kit.exception_handlers import PROBLEM_JSON, negotiate_language, to_problem_document
from shared.kit.identity import Caller
from shared.kit.resources import get_resources

HEADERS_PASSED_ON = ("www-authenticate", "retry-after", "content-language")


class PartAddress(NamedTuple):
    """Which service answers a part, and where."""

    service: str
    path: str
    is_private: bool = False
    """Whether the answer depends on who reads, whatever the installation publishes."""


def is_private(request: Request, basis: str) -> bool:
    """Whether an answer is for its caller alone."""
    return basis == "provisional" or not get_resources(request.app).get(GatewaySettings).public_reads


async def fetch_parts(
    request: Request, caller: Caller, basis: str, addresses: Mapping[str, PartAddress]
) -> dict[str, UpstreamPart]:
    """Return the parts by their names; each has its own deadline.

    The answer is kept where every part is fresh and public, so it must be made of nothing else but parts and resources.
    """
    fetcher = get_resources(request.app).get(PartFetcher)
    everything_is_private = is_private(request, basis)
    authorization, language = request.headers.get("authorization"), negotiate_language(request)
    requests = [
        PartRequest(
            address.service,
            address.path,
            language,
            caller if everything_is_private or address.is_private else None,
        )
        for address in addresses.values()
    ]
    parts = await asyncio.gather(*(fetcher.fetch(part, authorization) for part in requests))
    _keep_answer_of_parts(request, fetcher, dict(zip(requests, parts, strict=True)))
    return dict(zip(addresses, parts, strict=True))


def _keep_answer_of_parts(
    request: Request, fetcher: PartFetcher, fetched: Mapping[PartRequest, UpstreamPart]
) -> None:
    """Let the answer be given again while its parts are the same, where all are fresh and for everybody (see ADR 0030)."""
    if all(part.fresh and part_request.audience is None for part_request, part in fetched.items()):
        keep_while(request, partial(fetcher.are_unchanged, fetched))
    else:
        give_once(request)


def describe_part(request: Request, part: UpstreamPart) -> dict[str, Any]:
    """Return the state and age of a part, and the problem of one that is not available."""
    return describe_state(part, time.monotonic(), partial(to_problem_document, request), request.url.path)


def get_document(part: UpstreamPart) -> Mapping[str, Any]:
    """Return the document of a part; an empty one where it was never seen."""
    return part.confirmed.document if part.confirmed else {}


def pass_refusal_on(request: Request, refused: UpstreamRefusal) -> Response:
    """Return the refusal of a service as the answer to the whole request."""
    document = {**refused.document, "instance": request.url.path}
    headers = {name: refused.headers[name] for name in HEADERS_PASSED_ON if name in refused.headers}
    return Response(
        write_json(document), status_code=refused.status, media_type=PROBLEM_JSON, headers=headers
    )


def make_response(
    request: Request, document: Mapping[str, Any], parts: Collection[UpstreamPart], basis: str
) -> Response:
    """Return a composed document; its tag is over the content without ages, so it stays while nothing changes."""
    etag = make_weak_etag(write_json(without_ages(document)))
    headers = {
        "ETag": etag,
        "Cache-Control": "private, no-cache" if is_private(request, basis) else "no-cache",
        "Vary": "Authorization, Accept-Language",
        **age_headers(parts, time.monotonic()),
    }
    if matches_if_none_match(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(write_json(document), media_type="application/json", headers=headers)


def without_ages(value: Any) -> Any:
    """Return a document in which no part has an age."""
    if isinstance(value, Mapping):
        return {
            name: None if name == "age_seconds" else without_ages(member) for name, member in value.items()
        }
    return [without_ages(member) for member in value] if isinstance(value, list) else value
