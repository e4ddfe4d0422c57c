"""Check a printed receipt: its first letter names the program that issued it, which answers."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse

from gateway.composition.parts import FETCH_ERRORS
from gateway.settings import GatewaySettings
from gateway.upstreams import Upstreams
from shared.kit.etags import apply_if_none_match
from shared.kit.exact_json import write_json
from shared.kit.exception_handlers import PROBLEM_JSON, negotiate_language
from shared.kit.resources import get_resources
from shared.kit.routes import OperationRoute
from shared.reporting.reports.problems import ReceiptNotFound
from shared.roles import PublicReader

router = APIRouter(prefix="/v1", tags=["receipts"], route_class=OperationRoute)

CODE_SHAPE = "^[A-Za-z](-[A-Za-z2-7]{4}){4}$"


@router.get("/receipts/{code}", summary="Check a receipt", response_class=JSONResponse)
async def check_receipt(
    *,
    _: PublicReader,
    request: Request,
    code: Annotated[str, Path(pattern=CODE_SHAPE, description="the code on the receipt, such as P-7XQA-….")],
) -> Response:
    """Check a printed receipt without knowing which program issued it: what was received, when, with which hash."""
    authorization = request.headers.get("authorization", "")
    settings = get_resources(request.app).get(GatewaySettings)
    upstreams = get_resources(request.app).get(Upstreams)
    initial = code[0].lower()
    program = next((name for name in settings.programs if name.startswith(initial)), None)
    if program is None:
        raise ReceiptNotFound(receipt=code)
    try:
        status, headers, document = await upstreams.get_json(
            program,
            f"/v1/{program}/receipts/{code}",
            headers={
                "Accept-Language": negotiate_language(request),
                **({"Authorization": authorization} if authorization else {}),
            },
            within_s=settings.part_within_s,
        )
    except FETCH_ERRORS as error:
        raise upstreams.to_problem(program, error) from error
    media_type = headers.get("Content-Type", PROBLEM_JSON)
    return apply_if_none_match(
        request, Response(write_json(document), status_code=status, media_type=media_type)
    )
