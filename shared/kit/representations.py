"""The media types of bodies and answers: which one a client prefers, and the refusals where there is none."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from starlette.requests import Request

from shared.kit.problems import Problem, Sentence

JSON, CSV = "application/json", "text/csv"


class NotAcceptable(Problem):
    """The client accepts no representation that there is."""

    status = 406
    code = "not_acceptable"
    title = Sentence("Không có dạng được yêu cầu", "Not acceptable")
    detail = Sentence("Địa chỉ này chỉ trả về: {available}.", "This operation answers with: {available}.")


class UnsupportedMediaType(Problem):
    """The body is of a media type, or in a coding, that the operation does not take."""

    status = 415
    code = "unsupported_media_type"
    title = Sentence("Loại nội dung không nhận", "Unsupported media type")
    detail = Sentence(
        "Không nhận nội dung loại “{media_type}”; hãy gửi: {accepted}.",
        "A body of the type “{media_type}” is not taken; send: {accepted}.",
    )

    def __init__(self, media_type: str, accepted: Iterable[str]) -> None:
        types = ", ".join(accepted)
        super().__init__(media_type=media_type[:100], accepted=types, headers={"Accept": types})


@dataclass(frozen=True, slots=True)
class MediaRange:
    """One range of an Accept field: its type, its parameters, and its quality."""

    media_type: str
    parameters: Mapping[str, str]
    quality: float

    def specificity(self, media_type: str) -> int:
        """Return how exactly the range names a media type; 0 where it does not."""
        kind = media_type.partition("/")[0]
        return {media_type: 3, f"{kind}/*": 2, "*/*": 1}.get(self.media_type, 0)


class FormattedRows(NamedTuple):
    """The rows of an answer in a further media type, with the header fields that describe them."""

    content: bytes
    content_type: str
    headers: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class RowFormat:
    """A media type of the rows of an answer besides JSON and CSV; the model of the rows lists it in `row_formats`."""

    media_type: str
    is_taken: Callable[[Mapping[str, str]], bool]
    """Whether it can be written as the parameters of a media range say."""
    write: Callable[[Request, Any, Mapping[str, str]], FormattedRows]
    """Writes the JSON document of an answer, in which decimals are texts, as the parameters say."""


def parse_accept(field_value: str) -> list[MediaRange]:
    """Return the ranges of an Accept field (RFC 9110, 12.5.1); one that cannot be read is left out."""
    ranges = []
    for text in field_value.split(","):
        media_type, *pairs = (part.strip().lower() for part in text.split(";"))
        parameters = {
            name.strip(): value.strip(' "') for name, _, value in (pair.partition("=") for pair in pairs)
        }
        try:
            quality = float(parameters.pop("q", "1"))
        except ValueError:
            continue
        if media_type:
            ranges.append(MediaRange(media_type, parameters, quality))
    return ranges


def negotiate(
    field_value: str, available: Sequence[str], is_taken: Callable[[MediaRange], bool] = lambda _: True
) -> MediaRange:
    """Return the media type that an Accept field prefers, the first where all are alike. Raises `NotAcceptable`.

    Ranges with parameters that cannot be kept (`is_taken`) count as not sent.
    """
    accepted_ranges = parse_accept(field_value) or [MediaRange("*/*", {}, 1.0)]
    ranges = [accepted for accepted in accepted_ranges if is_taken(accepted)]
    best: tuple[float, int, MediaRange] | None = None
    for rank, media_type in enumerate(available):
        exactness, quality, chosen = max(
            ((accepted.specificity(media_type), accepted.quality, accepted) for accepted in ranges),
            key=lambda candidate: candidate[:2],
            default=(0, 0.0, MediaRange(media_type, {}, 0.0)),
        )
        if exactness and quality > 0 and (best is None or (quality, -rank) > best[:2]):
            best = quality, -rank, MediaRange(media_type, chosen.parameters, quality)
    if best is None:
        raise NotAcceptable(available=", ".join(available))
    return best[2]
