"""The table of a measurement: a line each that begins with its name and ends in its ratio, and the committed one beside it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

COMMITTED = Path(__file__).with_name("ratios.toml")
LEAST_SHARE = 2 / 3
"""A ratio below this share of the committed one is a fall: runs on a busy machine differ by less."""


@dataclass
class RatioTable:
    """The ratios by name, each printed as soon as it is measured."""

    ratios: dict[str, float] = field(default_factory=dict)

    def add(self, name: str, ours: float, theirs: float, against: str) -> None:
        """Print what was measured, in answers a second."""
        self.ratios[name] = ours / theirs
        print(
            f"{name:<46} {ours:>9,.0f}/s   {against:<40} {theirs:>9,.0f}/s   ratio {ours / theirs:.2f}",
            flush=True,
        )

    def skip(self, name: str, reason: str) -> None:
        """Print why something is not compared."""
        print(f"{name:<46} skipped: {reason}", flush=True)

    def find_falls(self, committed: Mapping[str, float]) -> list[str]:
        """Return a sentence for each ratio that fell by more than a third."""
        return [
            f"{name}: {self.ratios[name]:.2f}, committed {before:.2f}"
            for name, before in committed.items()
            if name in self.ratios and self.ratios[name] < before * LEAST_SHARE
        ]


def read_committed() -> dict[str, float]:
    """Return the committed ratios by name."""
    return {name: float(ratio) for name, ratio in tomllib.loads(COMMITTED.read_text())["ratios"].items()}
