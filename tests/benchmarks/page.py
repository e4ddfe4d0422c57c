"""`python -m tests.benchmarks.page`: how soon figures stand on the page over 400 kbit/s and 400 ms.

It reads the gateway of `NTP_GATEWAY_URL`, by default that of `make demo`; figures should stand in less than 2.5 s.
"""

import os
import sys
import tempfile
from pathlib import Path

import httpx

from tests.running.browser_tools import BrowserMissingError, look_at_page, prepare_tools

LIMIT_MS = 2500
GATEWAY = os.environ.get("NTP_GATEWAY_URL", "http://127.0.0.1:8000")


def main() -> int:
    """Time the page three times; return 1 where it is too slow."""
    try:
        httpx.get(f"{GATEWAY}/livez").raise_for_status()
    except httpx.HTTPError:
        print(f"the page is not timed: nothing answers at {GATEWAY}; run `make demo` first")
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            chromium = prepare_tools(folder)
        except BrowserMissingError as missing:
            print(f"the page is not timed: {missing}")
            return 0
        looks = [look_at_page(GATEWAY, chromium, folder, (), slow=True) for _ in range(3)]
    figures = sorted(look["figures_ms"] for look in looks)
    whole = sorted(look["all_ms"] for look in looks)
    print(f"page over 400 kbit/s, 400 ms: figures after {figures[1]:.0f} ms, all after {whole[1]:.0f} ms")
    return int(figures[1] > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
