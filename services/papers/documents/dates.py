"""Days as Vietnamese documents write them. Pure."""

from datetime import date


def write_day(place: str, day: str | None) -> str:
    """Return place and day: `Kon Tum, ngày 19 tháng 02 năm 2024`; blanks where there is no day yet.

    Days below ten and the months of January and February have two digits (NĐ 30/2020/NĐ-CP, annex I).
    """
    if day is None:
        return f"{place}, ngày      tháng      năm        "
    on = date.fromisoformat(day)
    month = f"{on.month:02d}" if on.month < 3 else str(on.month)  # noqa: PLR2004 (January, February)
    return f"{place}, ngày {on.day:02d} tháng {month} năm {on.year}"
