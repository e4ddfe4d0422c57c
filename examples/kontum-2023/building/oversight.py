"""Bodies, documents, conferences and inspections of 2023: those that the plan names, and made-up ones for the counts it prints.

The plan prints how many documents the province issued and names a few of them. The others are made up: their titles and the
column `provenance` say so, and they are dated to 31/12/2023.
"""

from collections.abc import Iterator

from building.facts import Facts
from building.tables import Row

PROVINCE = "62"
MADE_UP = "(văn bản minh họa, không phải văn bản đã công bố)"
DATED = "2023-12-31"

NAMED_DOCUMENTS = (
    ("13-NQ/TU", "party_resolution", "TINH_UY", "Nghị quyết về lãnh đạo thực hiện các CTMTQG trên địa bàn tỉnh Kon Tum", "2022-05-19"),
    ("12-CT/TU", "party_directive", "TINH_UY", "Chỉ thị về tăng cường sự lãnh đạo của cấp ủy các cấp đối với việc xây dựng thôn (làng) nông thôn mới ở vùng đồng bào dân tộc thiểu số", "2022-02-18"),
    ("3299/CTr-UBND", "program", "UBND_TINH", "Chương trình thực hiện các CTMTQG trên địa bàn tỉnh", "2022-10-04"),
)  # fmt: skip
COUNTS = (
    ("council_resolution", "HDND_TINH", "NQ-HĐND", "Nghị quyết", 18, 12),
    ("committee_decision", "UBND_TINH", "QĐ-UBND", "Quyết định", 9, 36),
    ("directive", "UBND_TINH", "CT-UBND", "Chỉ thị", 0, 5),
    ("program", "UBND_TINH", "CTr-UBND", "Chương trình", 0, 2),
    ("plan", "UBND_TINH", "KH-UBND", "Kế hoạch", 0, 35),
    ("official_letter", "UBND_TINH", "UBND-KT", "Công văn", 0, 3),
)
"""Kind, issuer, sign, title; how many made-up documents are normative, and how many are not."""

WORKING_GROUPS = (
    ("rural", "nông thôn mới"),
    ("poverty", "giảm nghèo bền vững"),
    ("ethnic", "dân tộc thiểu số và miền núi"),
)
OWNERS = (("rural", "SO_NN"), ("poverty", "SO_LDTBXH"), ("ethnic", "BAN_DT"))


def documents(_: Facts) -> list[Row]:
    """Return the documents in force that the plan counts: 30 + 45 + 5 + 38, two of the Party, and letters."""
    named: list[Row] = [
        {
            "number": number,
            "kind": kind,
            "issuer": issuer,
            "title": title,
            "signed_on": signed_on,
            "normative": "false",
            "provenance": "published",
        }
        for number, kind, issuer, title, signed_on in NAMED_DOCUMENTS
    ]
    return [*named, *_make_up_documents()]


def _make_up_documents() -> Iterator[Row]:
    for kind, issuer, sign, title, normative, others in COUNTS:
        for index in range(normative + others):
            yield {
                "number": f"MH{index + 1:02d}/2023/{sign}",
                "kind": kind,
                "issuer": issuer,
                "title": f"{title} thực hiện các CTMTQG, số {index + 1} {MADE_UP}",
                "signed_on": DATED,
                "normative": "true" if index < normative else "false",
                "provenance": "illustrative",
            }


def bodies(facts: Facts) -> list[Row]:
    """Return the steering committees of the province and of each district, the working groups, and the coordination office."""
    rows = [
        ("steering_committee", PROVINCE, "", "Ban Chỉ đạo các CTMTQG tỉnh Kon Tum giai đoạn 2021-2025"),
        *(
            ("working_group", PROVINCE, program, f"Tổ công tác CTMTQG {name}")
            for program, name in WORKING_GROUPS
        ),
        ("coordination_office", PROVINCE, "rural", "Văn phòng điều phối nông thôn mới tỉnh Kon Tum"),
        *(
            ("steering_committee", code, "", f"Ban Chỉ đạo các CTMTQG {name} giai đoạn 2021-2025")
            for code, name in facts.districts.items()
        ),
    ]
    return [
        {
            "kind": kind,
            "unit": unit,
            "program": program,
            "name": name,
            "decision_number": f"MH{number:02d}/QĐ-UBND",
            "decision_date": "2022-06-15",
            "provenance": "illustrative",
        }
        for number, (kind, unit, program, name) in enumerate(rows, 1)
    ]


def conferences(_: Facts) -> list[Row]:
    """Return the five conferences of the province in 2023, and one of the centre, which the plan does not count."""
    rows = [
        ("province", "UBND_TINH", f"Hội nghị về các CTMTQG lần {number}", f"2023-{month:02d}-15")
        for number, month in enumerate((2, 4, 6, 9, 12), 1)
    ]
    rows.append(("central", "BCD_TW", "Hội nghị trực tuyến của Ban Chỉ đạo Trung ương", "2023-08-10"))
    return [
        {
            "level": level,
            "convener": convener,
            "title": f"{title} (minh họa)",
            "held_on": held_on,
            "provenance": "illustrative",
        }
        for level, convener, title, held_on in rows
    ]


def inspections(_: Facts) -> list[Row]:
    """Return the six teams of the committee in 2023, and those of the three agencies that own a program."""
    rows = [
        ("BCD_TINH", f"Đoàn kiểm tra số {number} của Ban Chỉ đạo tỉnh", f"2023-{month:02d}-10")
        for number, month in enumerate((3, 5, 6, 8, 10, 11), 1)
    ]
    rows += [
        (owner, f"Đoàn kiểm tra định kỳ của cơ quan chủ trì CTMTQG {name}", "2023-07-10")
        for (_program, owner), (_, name) in zip(OWNERS, WORKING_GROUPS, strict=True)
    ]
    return [
        {
            "led_by": led_by,
            "title": f"{title} (minh họa)",
            "decision_number": f"MH{number:02d}/QĐ-ĐKT",
            "starts_on": starts_on,
            "provenance": "illustrative",
        }
        for number, (led_by, title, starts_on) in enumerate(rows, 1)
    ]


def campaigns(_: Facts) -> list[Row]:
    """Return the campaigns and movements that the plan names."""
    rows = (
        ("campaign", "Làm thay đổi nếp nghĩ, cách làm của đồng bào dân tộc thiểu số, làm cho đồng bào dân tộc thiểu số vươn lên thoát nghèo bền vững"),
        ("campaign", "Toàn dân đoàn kết xây dựng nông thôn mới, đô thị văn minh"),
        ("movement", "Kon Tum chung sức xây dựng nông thôn mới"),
        ("movement", "Vì người nghèo - Không để ai bị bỏ lại phía sau"),
        ("activity", "Lễ ra quân đồng loạt phong trào xây dựng nông thôn mới, chỉnh trang đô thị"),
    )  # fmt: skip
    return [
        {"kind": kind, "title": title, "starts_on": "2023-01-01", "provenance": "illustrative"}
        for kind, title in rows
    ]


def supervisions(_: Facts) -> list[Row]:
    """Return the rounds of supervision and the audit that the plan names."""
    rows = (
        ("supervision", "council", "Hội đồng nhân dân tỉnh khóa XII, kỳ họp thứ 6", ""),
        ("supervision", "national_assembly", "Giám sát của Quốc hội, lần I", ""),
        ("supervision", "national_assembly", "Giám sát của Quốc hội, lần II", ""),
        ("supervision", "assembly_delegation", "Giám sát của Đoàn đại biểu Quốc hội tỉnh", ""),
        ("audit", "state_audit", "Kiểm toán CTMTQG phát triển kinh tế - xã hội vùng đồng bào dân tộc thiểu số và miền núi giai đoạn 2021-2025", "ethnic"),
    )  # fmt: skip
    return [
        {
            "kind": kind,
            "body": body,
            "round": round_name,
            "program": program,
            "starts_on": "2023-07-01",
            "provenance": "illustrative",
        }
        for kind, body, round_name, program in rows
    ]


def plan_capital(_: Facts) -> list[Row]:
    """Return the money of the plan of 2024 and of the period 2021-2025, in million đồng."""
    yearly = (
        ("central", "", 1_354_000),
        ("counterpart", "", 279_800),
        ("integrated", "", 470_000),
        ("credit", "", 376_900),
        ("other", "", 252_500),
    )
    period = (
        ("central", "ethnic", 1_728_070),
        ("central", "poverty", 637_720),
        ("central", "rural", 386_870),
    )
    return [
        {
            "period": name,
            "source": source,
            "program": program,
            "amount_million_vnd": str(amount),
            "provenance": "published",
        }
        for name, rows in (("2024", yearly), ("2021-2025", period))
        for source, program, amount in rows
    ]


def plan_tasks(_: Facts) -> list[Row]:
    """Return the tasks of the plan of 2024; their words and days are made up."""
    tasks = (
        ("Phân bổ, giao kế hoạch vốn năm 2024", "SO_KHDT", "2024-03-31", "", "document", "Quyết định giao kế hoạch vốn"),
        ("Báo cáo tiến độ giải ngân", "SO_TC", "2024-12-31", "quarter", "document", "Báo cáo quý"),
        ("Giảm tỷ lệ hộ nghèo 4 điểm phần trăm", "SO_LDTBXH", "2024-12-31", "", "figure", "poverty_rate_fall_points"),
        ("Đưa 7 xã, 5 thôn ra khỏi địa bàn đặc biệt khó khăn", "BAN_DT", "2024-12-31", "", "figure", "communes_left_special_difficulty"),
        ("Công nhận thêm 50 sản phẩm OCOP", "SO_NN", "2024-12-31", "", "document", "Quyết định công nhận"),
        ("Sơ kết 6 tháng đầu năm", "UBND_TINH", "2024-07-31", "", "event", "Hội nghị sơ kết"),
    )  # fmt: skip
    return [
        {
            "text": text,
            "owner": owner,
            "starts_on": "2024-02-19",
            "due_on": due_on,
            "every": every,
            "product": product,
            "description": description,
            "provenance": "illustrative",
        }
        for text, owner, due_on, every, product, description in tasks
    ]
