"""Clients that are generated from the merged document work against the running product, and linters find nothing in it."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.local.settings import ROOT
from tests.running.installation import Installation

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TOOLS = Path(__file__).resolve().parents[1] / "contracts" / "tools"
TYPESCRIPT_CLIENT = ROOT / "clients" / "typescript"
CLIENTS = {
    "district-610": ("--scope", "report", "--unit", "610", "--program", "poverty"),
    "reviewer": ("--scope", "review", "--scope", "read", "--unit", "62", "--program", "poverty"),
}


@dataclass(frozen=True)
class Workshop:
    """A folder with the document and the tools, and the secrets of the clients."""

    folder: Path
    secrets: dict[str, str]

    def run(self, *command: str) -> str:
        """Return what a command prints; fails where it fails."""
        result = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert result.returncode == 0, (
            f"{' '.join(command)}\n{result.stdout[-6000:]}\n{result.stderr[-4000:]}"
        )
        return result.stdout + result.stderr


@pytest.fixture(scope="module")
def workshop(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    folder = tmp_path_factory.mktemp("contract")
    for path in TOOLS.iterdir():
        if path.is_file():
            shutil.copy(path, folder)
    document = installation.get_json("/openapi.json")
    (folder / "openapi.json").write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    yield Workshop(folder, {client: create_client(installation, client) for client in CLIENTS})


def create_client(installation: Installation, client_id: str) -> str:
    """Return the secret of a new client."""
    command = (sys.executable, "-m", "gateway", "create-client", "--id", client_id, *CLIENTS[client_id])
    created = installation.run_command("exec", "gateway", "--", *command)
    assert created.returncode == 0, created.stderr
    secret: str = json.loads(created.stdout)["client_secret"]
    return secret


@pytest.fixture(scope="module")
def node_workshop(workshop: Workshop) -> Workshop:
    """The workshop with the tools of Node, from the lock beside them."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node is not installed: Redocly, Spectral and the TypeScript client are not checked")
    command = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    installed = subprocess.run(command, cwd=workshop.folder, capture_output=True, text=True, check=False)
    if installed.returncode != 0:
        pytest.skip(f"npm cannot install the tools, so Node's are not checked: {installed.stderr[-300:]}")
    return workshop


def test_a_generated_python_client_works(installation: Installation, workshop: Workshop) -> None:
    generator = str(Path(sys.executable).with_name("openapi-python-client"))
    workshop.run(
        generator, "generate", "--path", "openapi.json", "--config", "python_client.yaml", "--meta", "none",
        "--output-path", "ntp_client", "--fail-on-warning",
    )  # fmt: skip
    secrets = (workshop.secrets["district-610"], workshop.secrets["reviewer"])
    workshop.run(sys.executable, "use_client.py", installation.gateway_url, *secrets)


@pytest.fixture(scope="module")
def typescript_workshop(node_workshop: Workshop) -> Workshop:
    """The workshop with the TypeScript client as a package, its types generated from the document."""
    package = node_workshop.folder / "node_modules" / "ntp-client"
    shutil.copytree(TYPESCRIPT_CLIENT, package, ignore=shutil.ignore_patterns("node_modules", "dist"))
    node_workshop.run(
        "npx", "--no-install", "openapi-typescript", "openapi.json", "-o", str(package / "src/schema.ts")
    )
    node_workshop.run("npx", "--no-install", "tsc", "-p", str(package))
    return node_workshop


def compile_strictly(workshop: Workshop, source: str) -> None:
    """Compile a file that uses the client."""
    workshop.run(
        "npx", "--no-install", "tsc", "--strict", "--noEmitOnError", "--target", "es2022", "--module", "nodenext",
        "--moduleResolution", "nodenext", "--lib", "es2022,dom", "--types", "node", source,
    )  # fmt: skip


def test_the_typescript_client_works(installation: Installation, typescript_workshop: Workshop) -> None:
    compile_strictly(typescript_workshop, "client.ts")
    secrets = (typescript_workshop.secrets["district-610"], typescript_workshop.secrets["reviewer"])
    typescript_workshop.run("node", "client.js", installation.gateway_url, *secrets)


def test_the_typescript_examples_run_as_they_stand(
    installation: Installation, typescript_workshop: Workshop
) -> None:
    for page in (TYPESCRIPT_CLIENT / "README.md", ROOT / "docs" / "integrate.md"):
        text = "\n".join(re.findall(r"(?ms)^```typescript\n(.*?)^```$", page.read_text(encoding="utf-8")))
        text, replaced = re.subn(r"http://127\.0\.0\.1:8000", installation.gateway_url, text)
        assert replaced
        (typescript_workshop.folder / "example.ts").write_text(text, encoding="utf-8")
        compile_strictly(typescript_workshop, "example.ts")
        typescript_workshop.run("node", "example.js")


def test_redocly_finds_nothing(node_workshop: Workshop) -> None:
    node_workshop.run("npx", "--no-install", "redocly", "lint", "openapi.json", "--config", "redocly.yaml")


def test_spectral_with_the_rules_of_owasp_finds_nothing(node_workshop: Workshop) -> None:
    node_workshop.run(
        "npx",
        "--no-install",
        "spectral",
        "lint",
        "openapi.json",
        "--ruleset",
        "spectral.yaml",
        "--fail-severity",
        "hint",
    )
