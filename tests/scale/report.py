"""The figures of one part, and what is not as it must be."""

from dataclasses import dataclass, field


@dataclass
class PartReport:
    """The table of one part."""

    name: str
    rows: list[tuple[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    skipped: str = ""

    def add(self, label: str, value: object) -> None:
        """Add a row, and print it at once."""
        self.rows.append((label, str(value)))
        print(f"  {label:<66} {value}", flush=True)

    def require(self, label: str, holds: bool, value: object) -> None:
        """Add a row for what must hold."""
        self.add(label, value if holds else f"{value}  NOT AS IT MUST BE")
        if not holds:
            self.faults.append(f"{self.name}: {label}: {value}")
