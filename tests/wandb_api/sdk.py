"""The unchanged SDK of wandb, in processes of its own, against a Runbell that really runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.processes import ROOT, Environment, Server, manage, new_environment, run_module, wait_until

# Empty: the newest, which is installed beside us. `make sdks` fetches the others.
NEWEST = "0.31"
VERSIONS = {version: str(ROOT / ".venv/sdk" / version) for version in ("0.25", "0.26", "0.27", "0.28", "0.29")} | {
    NEWEST: ""
}
# Stories are told by these; what each version does is in test_sdk_matrix.py.
ENDS = ("0.25", NEWEST)

# Long enough for a slow machine; nothing waits for it where all is well.
PATIENCE = 60


@dataclass
class Done:
    """How a script ended, and what it printed."""

    exit_code: int
    printed: str

    @property
    def said(self) -> Any:
        """What the script gave to `say`."""
        lines = [line for line in self.printed.splitlines() if line.startswith("SAID ")]
        assert lines, self.printed
        return json.loads(lines[-1].removeprefix("SAID "))


_BEFORE = """
import json, os, sys
def say(value):
    print("SAID " + json.dumps(value, default=str), flush=True)
"""


@dataclass
class Runbell:
    """A running server with its worker. Alice is admin of acme, bob its member, charlie a stranger."""

    url: str
    environment: Environment
    folder: Path
    keys: dict[str, str]
    # A folder with another version of the SDK; empty: the one that is installed.
    sdk: str = ""
    variables: dict[str, str] = field(default_factory=dict)

    def variables_of(self, person: str = "alice") -> dict[str, str]:
        """The environment of a script: nothing of it reaches outside the test's folder."""
        folder = self.folder / "sdk"
        folders = {f"WANDB_{name}_DIR": str(folder / name.lower()) for name in ("CACHE", "CONFIG", "DATA", "ARTIFACT")}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("WANDB_", "RUNBELL_"))}
        for path in (folder, *folders.values()):
            Path(path).mkdir(parents=True, exist_ok=True)
        return {
            **kept,
            **folders,
            **({"PYTHONPATH": self.sdk} if self.sdk else {}),
            "HOME": str(folder),
            "NETRC": str(folder / "netrc"),
            "WANDB_DIR": str(folder),
            "WANDB_BASE_URL": self.url,
            "WANDB_API_KEY": self.keys[person],
            "WANDB_ERROR_REPORTING": "false",
            "WANDB_SILENT": "false",
            **self.variables,
        }

    def start(self, code: str, person: str = "alice", **variables: str) -> subprocess.Popen[str]:
        """Start a script; what it needs comes from `import wandb`, and `say` gives values back."""
        file = self.folder / "script.py"
        file.write_text(_BEFORE + textwrap.dedent(code))
        return self._start([sys.executable, str(file)], person, variables)

    def script(self, code: str, person: str = "alice", **variables: str) -> Done:
        """Run a script to its end."""
        return finish(self.start(code, person, **variables))

    def command(self, *arguments: str, person: str = "alice", **variables: str) -> Done:
        """Run `wandb ...`."""
        return finish(self.start_command(*arguments, person=person, **variables))

    def start_command(self, *arguments: str, person: str = "alice", **variables: str) -> subprocess.Popen[str]:
        return self._start([sys.executable, "-m", "wandb", *arguments], person, variables)

    def _start(self, command: list[str], person: str, variables: Mapping[str, str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env={name: value for name, value in {**self.variables_of(person), **variables}.items() if value},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # A shell's background jobs ignore Ctrl-C, and so would what they start.
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def ask_rest(self, path: str, person: str = "alice", **body: Any) -> Any:
        """Ask our own REST: with a body it is a POST."""
        method = "POST" if body else "GET"
        return self.request(method, path, person, body or None)

    def request(self, method: str, path: str, person: str = "alice", body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.keys[person]}"}
        answer = requests.request(method, f"{self.url}/api/v1/{path}", json=body, headers=headers, timeout=30)
        assert answer.ok, f"{answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def run(self, name: str, project: str = "mnist") -> Any:
        return self.ask_rest(f"projects/acme/{project}/runs/{name}")

    def rows(self, name: str, project: str = "mnist", stream: str = "history") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask_rest(
            f"projects/acme/{project}/runs/{name}/history?samples=10000&stream={stream}"
        )["rows"]
        return found

    def stored_rows(self, name: str) -> list[dict[str, Any]]:
        """The rows as they are stored: REST says NaN and infinity as null."""
        return list(self.query("rows", name))

    def output(self, name: str) -> list[str]:
        return list(self.query("output", name))

    def files(self, name: str) -> list[str]:
        return list(self.query("files", name))

    def alerts(self, name: str) -> list[dict[str, Any]]:
        return list(self.query("alerts", name))

    def crossed_at(self, name: str) -> float:
        return float(self.query("crossed", name))

    def query(self, what: str, name: str) -> Any:
        """Ask the database itself."""
        return json.loads(run_module(self.environment, "tests.wandb_api.scene", what, name))

    def wait_for_state(self, name: str, state: str, seconds: float = PATIENCE) -> None:
        wait_until(lambda: self.run(name)["state"] == state, seconds, f"{name} is {state}")


def with_sdk(runbell: Runbell, version: str) -> Runbell:
    """Give the same Runbell for scripts with this version of the SDK."""
    folder = VERSIONS[version]
    assert not folder or Path(folder).is_dir(), f"wandb {version} is not there: run `make sdks`"
    return replace(runbell, sdk=folder, variables={"VERSION": version})


def finish(process: subprocess.Popen[str]) -> Done:
    """Wait for the end of a script. One that does not end is killed: the SDK would try for days to reach us."""
    try:
        printed, _ = process.communicate(timeout=PATIENCE * 2)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        printed, _ = process.communicate()
        pytest.fail(f"the script did not end:\n{printed}")
    return Done(process.returncode, printed)


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Runbell]:
    """Give a Runbell that runs, with its worker, on a database of its own."""
    with new_environment(folder) as fresh:
        environment = {**fresh, "RUNBELL_ALLOWED_PRIVATE_CIDRS": "127.0.0.1/32", **settings}
        manage(environment, "migrate", "--verbosity=0")
        keys = json.loads(run_module(environment, "tests.wandb_api.scene", "world"))
        with Server(environment) as server:
            server.wait_until_ready(PATIENCE)
            yield Runbell(server.url, environment, folder, keys)
