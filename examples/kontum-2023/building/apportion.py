"""The apportionment of a published total among units, by the method of the largest remainder."""

from collections.abc import Mapping


def apportion(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Return shares of `total` in proportion to `weights`: whole numbers that add up to it exactly.

    Each unit gets the whole part of its quota; the units with the largest remainders get one more, the earlier unit
    where remainders are equal. No share differs by one or more from its quota, and a weight of zero gets nothing.
    """
    weight_sum = sum(weights.values())
    if total < 0 or weight_sum <= 0 or min(weights.values()) < 0:
        raise ValueError("the total and the weights must not be negative, and some weight must be positive")
    shares = {unit: total * weight // weight_sum for unit, weight in weights.items()}
    by_remainder = sorted(weights, key=lambda unit: -(total * weights[unit] % weight_sum))
    for unit in by_remainder[: total - sum(shares.values())]:
        shares[unit] += 1
    return shares
