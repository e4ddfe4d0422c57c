"""The order of a rolling restart."""

from shared.local.rolling import list_single, order_instances


def test_the_first_instances_roll_before_the_second_ones_and_gateways_last_among_these() -> None:
    instances = ["rural", "rural-2", "rural-3", "poverty", "gateway", "gateway-2"]
    rolled = ["rural", "poverty", "gateway", "rural-2", "gateway-2", "rural-3"]
    assert order_instances(instances) == rolled
    assert list_single(instances) == ["poverty"]
