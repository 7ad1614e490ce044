"""See it fire: start a Runbell of its own, train twice, and print what reached a receiver.

    make demo

Nothing stays: the data lives in a temporary folder, and every process ends with this one.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PROJECT = "demo/playground"
PATIENCE_SECONDS = 60
AUTOMATIONS: list[dict[str, Any]] = [
    {
        "name": "Loss is good",
        "event": "RUN_METRIC",
        "conditions": [
            {"type": "metric_threshold", "metric": "loss", "aggregation": "average", "window": 5,
             "comparison": "lt", "threshold": 0.5},
            {"type": "run_name", "pattern": "^digits$"},
        ],
    },
    {
        "name": "Loss is NaN",
        "event": "RUN_METRIC",
        "conditions": [
            {"type": "metric_threshold", "metric": "loss", "aggregation": "latest", "comparison": "not_finite"}
        ],
    },
    {"name": "Run failed", "event": "RUN_STATE", "conditions": [{"type": "run_state", "states": ["failed"]}]},
]  # fmt: skip


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="runbell-demo-") as folder:
        environment = _environment(Path(folder))
        secret = "whsec_" + secrets.token_hex(24)
        receiver_port = _free_port()
        with (
            _started(environment, "serve") as server,
            _started(
                environment, "receive_webhooks", "--port", str(receiver_port), "--secret", secret, "--count", "3"
            ) as receiver,
        ):
            _say("starting Runbell in a temporary folder ...")
            key = _wait_for_key(server, Path(folder))
            api = Api(environment["RUNBELL_URL"], key)
            _set_up(api, f"http://127.0.0.1:{receiver_port}/hook", secret)
            _train(environment, key, "digits")
            _train(environment, key, "digits-diverging", "--diverge")
            return _report(receiver)


class Api:
    """Runbell over REST, with nothing but the standard library."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = f"{url}/api/v1", key

    def post(self, path: str, body: dict[str, Any]) -> Any:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


def _set_up(api: Api, url: str, secret: str) -> None:
    api.post("/teams/demo/secrets", {"name": "HOOK_SECRET", "value": secret})
    api.post("/teams/demo/integrations/webhook", {"name": "local receiver", "url": url, "secret": "HOOK_SECRET"})
    for automation in AUTOMATIONS:
        scope = {"type": "project", "name": PROJECT}
        action = {"type": "send_webhook", "webhook": "local receiver"}
        made = api.post("/automations", {**automation, "scope": scope, "action": action})
        _say(made["sentence"])


def _train(environment: dict[str, str], key: str, name: str, *options: str) -> None:
    _say(f"training {name} ...")
    script = [sys.executable, "examples/train_digits.py", "--project", PROJECT, "--name", name, *options]
    subprocess.run(script, cwd=ROOT, env={**environment, "RUNBELL_API_KEY": key}, check=False)


def _report(receiver: subprocess.Popen[str]) -> int:
    """Print what arrived; give 0 when everything did, signed."""
    try:
        printed, _ = receiver.communicate(timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        receiver.send_signal(signal.SIGINT)
        printed, _ = receiver.communicate(timeout=10)
    lines = [json.loads(line) for line in printed.splitlines()]
    _say(f"{len(lines)} deliveries reached the receiver:")
    for line in lines:
        signature = "signature right" if line["signed"] else "SIGNATURE WRONG"
        print(f"\n  {line['id']} ({signature})")
        print("  " + json.dumps(line["body"], indent=2).replace("\n", "\n  "))
    expected = {automation["name"] for automation in AUTOMATIONS}
    missing = expected - {line["body"]["automation"] for line in lines if line["signed"]}
    _say(f"missing: {', '.join(sorted(missing))}" if missing else "Each automation fired once, signed.")
    return 1 if missing else 0


def _environment(folder: Path) -> dict[str, str]:
    port = str(_free_port())
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RUNBELL_")}
    return {
        **kept,
        "DATABASE_URL": "", "REDIS_URL": "", "PORT": port,
        "RUNBELL_URL": f"http://127.0.0.1:{port}",
        "RUNBELL_DATA_DIR": str(folder),
        "RUNBELL_SAMPLE": "false",
        # The receiver is on this machine, which webhooks may not reach unless it is named.
        "RUNBELL_ALLOWED_PRIVATE_CIDRS": "127.0.0.1/32",
        "PYTHONUNBUFFERED": "1",
    }  # fmt: skip


@contextmanager
def _started(environment: dict[str, str], *command: str) -> Iterator[subprocess.Popen[str]]:
    arguments = [sys.executable, "manage.py", *command]
    process = subprocess.Popen(
        arguments, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for_key(server: subprocess.Popen[str], folder: Path) -> str:
    """Wait until Runbell says that it is ready; give the API key it made."""
    until = time.monotonic() + PATIENCE_SECONDS
    assert server.stdout is not None
    for line in server.stdout:
        if "Ctrl-C" in line:
            break
        if time.monotonic() > until:
            break
    if server.poll() is not None:
        raise SystemExit("Runbell did not start; try `make run` to see why.")
    lines = (folder / "sign-in.txt").read_text().splitlines()
    return dict(line.split(" = ", 1) for line in lines if " = " in line)["api_key"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _say(text: str) -> None:
    print(f"\n> {text}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
