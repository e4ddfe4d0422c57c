"""Use a Python client that openapi-python-client generated: `python use_client.py GATEWAY DISTRICT-SECRET REVIEWER-SECRET`.

Token, dry run, report, repeat, accept, status; ends with an error where an answer is not what the contract says.
"""

import sys
from importlib import import_module
from typing import Any

import httpx


def load(path: str) -> Any:
    """Return a module of the generated package."""
    return import_module(f"ntp_client.{path}")


models, client_module = load("models"), load("client")


def open_client(gateway: str, client_id: str, secret: str) -> Any:
    """Return the generated client with a token of its own."""
    basic = client_module.Client(base_url=gateway, httpx_args={"auth": httpx.BasicAuth(client_id, secret)})
    body = models.IssueTokenBody(grant_type=models.IssueTokenBodyGrantType.CLIENT_CREDENTIALS)
    token = load("api.tokens.issue_token").sync(client=basic, body=body)
    assert isinstance(token, models.TokenOut), token
    return client_module.AuthenticatedClient(base_url=gateway, token=token.access_token)


def main(gateway: str, district_secret: str, reviewer_secret: str) -> None:
    """Report what district 610 did in 2024, and read the status of the province."""
    district, reviewer = (
        open_client(gateway, "district-610", district_secret),
        open_client(gateway, "reviewer", reviewer_secret),
    )
    report = models.ReportIn(
        unit="610",
        period="2024",
        form="annual_results",
        observations=[
            models.ObservationIn(unit="610", indicator="jobs_created", value=731),
            models.ObservationIn(unit="610", indicator="persons_trained", value=655),
        ],
    )
    submit = load("api.poverty_reports.poverty_submit_report")
    dry = submit.sync_detailed(client=district, body=report, dry_run=True, idempotency_key="python-1")
    assert dry.status_code == 200, dry.content
    assert dry.parsed.id is None
    first = submit.sync_detailed(client=district, body=report, idempotency_key="python-1")
    assert first.status_code == 201, first.content
    assert first.headers["location"] == f"/v1/poverty/reports/{first.parsed.id}"
    again = submit.sync_detailed(client=district, body=report, idempotency_key="python-1")
    assert (again.status_code, again.parsed.id) == (201, first.parsed.id)
    assert again.headers["idempotent-replay"] == "true"
    accepted = load("api.poverty_reviews.poverty_accept_report").sync_detailed(
        report_id=first.parsed.id,
        client=reviewer,
        body=models.AcceptIn(content_sha256=first.parsed.content_sha256),
        idempotency_key="python-2",
    )
    assert accepted.status_code == 200, accepted.content
    assert accepted.parsed.state == "accepted"
    status = load("api.status.read_status").sync_detailed(client=reviewer, period="2024")
    assert status.status_code == 200, status.content
    (poverty,) = (program for program in status.parsed.programs if program.program == "poverty")
    assert any(figure.value == 731 for figure in poverty.figures), poverty
    not_granted = load("api.poverty_reviews.poverty_accept_report").sync_detailed(
        report_id=first.parsed.id,
        client=district,
        body=models.AcceptIn(content_sha256=first.parsed.content_sha256),
        idempotency_key="python-3",
    )
    assert (not_granted.status_code, not_granted.parsed.code) == (403, "forbidden")


if __name__ == "__main__":
    main(*sys.argv[1:])
