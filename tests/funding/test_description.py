"""The ledger's OpenAPI document: named operations, described fields, examples that run."""

import pytest

from tests.contracts.documents import load_document
from tests.funding.conftest import voucher

pytestmark = pytest.mark.anyio

OPERATIONS = {
    "record_opening_balance", "record_allocation", "record_commitment", "record_disbursement", "record_carry_over",
    "record_reversal", "record_correction", "close_year", "extend_settlement", "list_extensions", "list_closings", "read_closing", "list_later_entries", "record_batch", "record_voucher", "read_vouchers", "record_assignment", "record_supplement", "record_sub_allocation",
    "record_transfer", "read_counterparts", "read_contributions", "read_lapses", "record_confirmation", "read_foresight", "read_money_at_risk",
    "read_reconciliation", "register_project", "approve_project", "plan_project", "tell_project_building",
    "list_projects", "read_project", "read_journal", "read_blocks", "record_cancellation", "record_return", "record_recovery",
    "record_remittance", "list_recoveries", "record_succession", "list_waiting_money", "list_entries", "read_entry", "read_progress", "read_status", "read_catalogue", "get_map_version", "list_changes",
    "list_villages", "read_village", "list_followed_feeds", "read_amounts_map", "read_amounts_series",
}  # fmt: skip


@pytest.fixture(scope="module")
def document():
    return load_document("funding")


def operations(document):
    return {
        operation["operationId"]: (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_its_operations_are_known(document):
    assert set(operations(document)) == OPERATIONS


def test_every_field_and_parameter_is_described(document):
    own = {
        name: schema
        for name, schema in document["components"]["schemas"].items()
        if not name.startswith(("Change", "Page"))
    }
    bare = [
        f"{name}.{field}"
        for name, schema in own.items()
        for field, property_ in schema.get("properties", {}).items()
        if not property_.get("description") and "$ref" not in property_ and "items" not in property_
    ]
    assert bare == []
    money = [
        property_["description"]
        for schema in own.values()
        for field, property_ in schema.get("properties", {}).items()
        if field.endswith("_vnd")
    ]
    assert all("đồng" in description for description in money)
    for _, _, operation in operations(document).values():
        assert operation["summary"]
        assert operation["description"]
        assert all(parameter["description"] for parameter in operation.get("parameters", ()))


async def test_the_examples_run(document, office):
    """In the order of money: opening balance, carry-over, assignment, allocation, commitment, payment, reversal."""
    by_id = operations(document)

    async def run(operation, **change):
        path, _, specification = by_id[operation]
        (name,) = [
            specification["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        ]
        example = document["components"]["schemas"][name]["example"]
        answer = await office.post(path.removeprefix("/v1/funding/"), {**example, **change})
        assert answer.status_code == 201, (operation, answer.text)
        return answer.json()

    await run("record_opening_balance")
    await run("record_opening_balance", year=2022)
    await run("record_carry_over")
    await run("record_assignment")
    given = await run("record_allocation")
    for operation in ("supplement", "sub_allocation", "transfer", "cancellation", "return"):
        await run(f"record_{operation}")
    await run("record_commitment")
    payment = await run("record_disbursement")
    await run("record_recovery", recovers=payment["id"])
    late = await run("record_recovery", recovers=payment["id"], effective_on="2024-02-01", voucher=voucher())
    await run("record_remittance", remits=late["id"])
    await run("record_confirmation")
    paper = await run("record_voucher")
    assert paper["amount_vnd"] == 1_680_000_000
    another = {"entry": given["id"], "reason": "Giao hai đợt bằng nhau"}
    given = await run("record_allocation", distinct_from=another)
    await run("record_reversal", reverses=given["id"])
    wrong = await run("record_allocation", amount_vnd=1)
    await run("record_correction", corrects=wrong["id"])
