"""Sharing a published total among units by the method of the largest remainder."""

from collections.abc import Mapping


def apportion(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Share `total` in proportion to `weights`, in whole numbers that add up to it exactly.

    Every unit gets the whole part of its quota; the units with the largest remainders get one more, the earlier
    one where remainders tie. No share is further than one from its quota, and a weight of zero gets nothing.
    """
    whole = sum(weights.values())
    if total < 0 or whole <= 0 or min(weights.values()) < 0:
        raise ValueError("a total and its weights are not negative, and some weight is positive")
    shares = {unit: total * weight // whole for unit, weight in weights.items()}
    by_remainder = sorted(weights, key=lambda unit: -(total * weights[unit] % whole))
    for unit in by_remainder[: total - sum(shares.values())]:
        shares[unit] += 1
    return shares
