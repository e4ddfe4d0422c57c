"""Amounts with the lower and the upper end of their range. Pure; amounts are whole đồng."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ForecastRange:
    """An amount with the lower and the upper end of its range, in đồng."""

    low: int = 0
    likely: int = 0
    high: int = 0

    def __add__(self, other: "ForecastRange") -> "ForecastRange":
        return ForecastRange(self.low + other.low, self.likely + other.likely, self.high + other.high)

    def prorate(self, days: int, length: int) -> "ForecastRange":
        """Return the part of some of the days, rounded down."""
        return ForecastRange(
            self.low * days // length, self.likely * days // length, self.high * days // length
        )

    @classmethod
    def from_fact(cls, amount: int) -> "ForecastRange":
        """Return the range of a known amount."""
        return cls(amount, amount, amount)


def add_ranges(ranges: Collection[ForecastRange]) -> ForecastRange:
    """Return the sum of ranges."""
    return ForecastRange(
        sum(amount.low for amount in ranges),
        sum(amount.likely for amount in ranges),
        sum(amount.high for amount in ranges),
    )
