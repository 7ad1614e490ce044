"""The image: what a build is given and what goes in, read from Dockerfile and .dockerignore. None is built here."""

from __future__ import annotations

import os
import re
import subprocess
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import hatch_build
from cli import probe
from config import env
from tests.packaging.dockerignore import context

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
STAGES = DOCKERFILE.split("\nFROM ")[1:]
LAST = STAGES[-1]
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".pdf", ".mp4")


@pytest.fixture(scope="module")
def tracked() -> set[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(listed.stdout.splitlines())


@pytest.fixture(scope="module")
def build_context(tracked: set[str]) -> set[str]:
    """What a build is given of a clean checkout."""
    return context((ROOT / ".dockerignore").read_text(), tracked)


@pytest.mark.parametrize(
    "rules, stays",
    [
        ("", {"a.py", "docs/a.md", "docs/b/c.png", "README.md"}),
        ("docs", {"a.py", "README.md"}),
        ("docs/\n/a.py", {"README.md"}),
        ("*.md", {"a.py", "docs/a.md", "docs/b/c.png"}),
        ("**/*.md", {"a.py", "docs/b/c.png"}),
        ("*.md\n!README.md", {"a.py", "docs/a.md", "docs/b/c.png", "README.md"}),
        ("docs\n!docs/a.md", {"a.py", "docs/a.md", "README.md"}),
        ("!docs/a.md\ndocs", {"a.py", "README.md"}),
        ("# docs\n\ndocs/*.md", {"a.py", "docs/b/c.png", "README.md"}),
        ("**/b", {"a.py", "docs/a.md", "README.md"}),
        ("*\n!a.py", {"a.py"}),
        ("?.py\ndoc[s]", {"README.md"}),
    ],
)
def test_rules_mean_what_docker_takes_them_for(rules: str, stays: set[str]) -> None:
    assert context(rules, ["a.py", "docs/a.md", "docs/b/c.png", "README.md"]) == stays


def test_a_build_is_given_all_that_the_wheel_is_made_of(tracked: set[str], build_context: set[str]) -> None:
    sources = {path.relative_to(ROOT).as_posix() for path, _name in hatch_build.shipped(ROOT)} & tracked
    front_end = {name for name in tracked if name.startswith("frontend/")}
    others = {"pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "package.json", "package-lock.json"}

    assert len(sources) > 500
    assert sources | front_end | others <= build_context


def test_it_is_given_nothing_else(tracked: set[str], build_context: set[str]) -> None:
    """No tests, no pictures, nothing of who works on Runbell, and nothing of a checkout that is in use."""
    needed = {path.relative_to(ROOT).as_posix() for path, _name in hatch_build.shipped(ROOT)}
    rest = {name for name in build_context - needed if not name.startswith("frontend/")}
    in_use = [
        ".env",
        "var/secret.key",
        "var/runbell.sqlite3",
        ".venv/bin/python",
        "deploy/secrets/secret_key",
        ".git/x",
    ]

    assert rest == {
        ".env.example", ".gitignore", "LICENSE", "README.md", "deploy/sbom.py", "hatch_build.py", "package-lock.json",
        "package.json", "pyproject.toml", "requirements/build.txt", "requirements/runtime.txt",
    }  # fmt: skip
    assert {name for name in build_context if name.endswith(PICTURES) or "tests" in Path(name).parts} == set()
    assert context((ROOT / ".dockerignore").read_text(), in_use) == set()


def test_each_file_that_is_copied_was_given(build_context: set[str]) -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) (\S+)$", DOCKERFILE, re.MULTILINE)
    names = {name for sources, _there in copied for name in sources.split() if name != "."}

    assert names
    places = build_context | {parent.as_posix() for name in build_context for parent in Path(name).parents}
    assert names - places == set()


def test_what_runs_holds_a_wheel_and_no_checkout() -> None:
    """The checkout is copied into the stage that builds the wheel, which is left behind."""
    assert "COPY . ." not in LAST
    assert re.findall(r"^COPY (.+)$", LAST, re.MULTILINE) == [
        "requirements/runtime.txt requirements/",
        "--from=wheel /wheel /wheel",
        "package-lock.json /usr/share/sbom/",
        "requirements/runtime.txt /usr/share/sbom/requirements/",
        "config/version.py /usr/share/sbom/config/",
        "deploy/sbom.py /usr/share/sbom/deploy/",
    ]


def test_it_runs_as_a_number_that_is_not_root() -> None:
    (user,) = re.findall(r"^USER (.+)$", LAST, re.MULTILINE)
    number, group = (int(part) for part in user.split(":"))

    assert (number > 1000, group > 1000) == (True, True)
    assert f"--uid {number}" in LAST
    assert f"--gid {group}" in LAST


def test_its_health_is_webs_own_part_of_readyz() -> None:
    (health,) = re.findall(r"^HEALTHCHECK .*CMD (\[.*\])$", LAST, re.MULTILINE)

    assert health == '["runbell-probe", "web"]'
    assert 'runbell-probe = "runbell.cli.probe:main"' in (ROOT / "pyproject.toml").read_text()
    # No secret is built in.
    assert not {f"{name}=" for name in env.SECRETS if f"{name}=" in DOCKERFILE}


class _Readyz(BaseHTTPRequestHandler):
    status, asked = 200, ""

    def do_GET(self) -> None:
        type(self).asked = self.path
        body = b'{"ok": false, "problems": ["The database does not answer."]}'
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.mark.parametrize(("status", "said"), [(200, ""), (503, "503: The database does not answer.")])
def test_the_probe_of_web_says_what_readyz_says(monkeypatch: pytest.MonkeyPatch, status: int, said: str) -> None:
    _Readyz.status = status
    with HTTPServer(("127.0.0.1", 0), _Readyz) as server:
        Thread(target=server.handle_request, daemon=True).start()
        monkeypatch.setenv("PORT", str(server.server_port))
        monkeypatch.setenv("RUNBELL_HOST", "0.0.0.0")
        assert probe.web() == said
    assert _Readyz.asked == "/readyz?only=web"


def test_the_probe_of_web_fails_where_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "1")
    assert probe.web() == "no answer: ConnectionRefusedError"


def test_the_probe_of_a_worker_looks_at_its_heartbeat(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RUNBELL_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("RUNBELL_READY_BEAT_SECONDS", raising=False)
    assert probe.worker().startswith("no worker has a heartbeat")
    beat = tmp_path / "heartbeat-abc"
    beat.touch()
    assert probe.worker() == ""
    os.utime(beat, (time.time() - 30,) * 2)
    assert probe.worker() == "the last heartbeat is 30 s old"


@pytest.mark.parametrize("arguments", [[], ["all"], ["web", "worker"]])
def test_the_probe_says_how_it_is_used(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    monkeypatch.setattr("sys.argv", ["runbell-probe", *arguments])
    with pytest.raises(SystemExit, match="runbell-probe web"):
        probe.main()
