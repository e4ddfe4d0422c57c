"""The legal windows of reporting periods, read from the file beside this module."""

from pathlib import Path

from shared.dated_facts.loader import open_facts
from shared.periods import PeriodWindow

DATA = Path(__file__).with_suffix(".csv")


def load_windows(path: Path = DATA) -> tuple[PeriodWindow, ...]:
    """Return the windows of a CSV file; refuse one in which two of a regime and kind are in force at once."""
    with open_facts(path.parent) as facts:
        return facts.rows(path.stem, PeriodWindow, one_in_force=["regime", "kind"])
