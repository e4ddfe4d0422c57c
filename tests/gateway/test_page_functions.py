"""What the page computes before it draws, tested in Node."""

import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.page.files import STATIC

TESTS = Path(__file__).parent / "page" / "functions.test.mjs"


def test_what_the_page_computes(tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("the functions of the page are not tested: install Node 20 (apt-get install nodejs)")
    for path in (*STATIC.glob("*.js"), TESTS):
        shutil.copy(path, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    run = subprocess.run(
        [node, "--test", TESTS.name], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    assert "# fail 0" in run.stdout
    assert "# pass 0" not in run.stdout
