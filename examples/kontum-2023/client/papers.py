"""The issued annual report of the province: as Word, PDF and workbook, in a folder of the installation."""

from pathlib import Path

from ntp_client import AsyncNtpClient
from ntp_client.requests import prepare_request

from client.accounts import ACCOUNTS_FILE
from client.posting import PERIOD, PROVINCE

FOLDER = ACCOUNTS_FILE.parent / "annual-report-2023"
REPORT = {
    "unit": PROVINCE,
    "period": PERIOD,
    "document": {"number": "MH-2023/BC-UBND", "date": "2024-02-19"},
}
"""The number is illustrative."""
KEY = "kontum-2023-annual-report"


async def issue_annual_report(office: AsyncNtpClient) -> list[Path]:
    """Issue the annual report once, and return its files; a second run gets the same issue."""
    issue = (await office.post("/v1/papers/annual-report", REPORT, key=KEY)).body
    FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
    paths = []
    for file in issue["files"]:
        path_of_issue = f"/v1/papers/issues/{issue['id']}"
        request = prepare_request("GET", path_of_issue, headers={"Accept": file["media_type"]})
        content = (await office.send(request)).body
        path = FOLDER / f"annual-report-2023.{file['kind']}"
        path.touch(mode=0o600)
        path.write_bytes(content)
        paths.append(path)
    return paths
