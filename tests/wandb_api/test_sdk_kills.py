"""`kill -9` of server and script in the middle of a sync and of an online run: then again, each row once, told once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
import requests

from tests.processes import Server, free_port, manage, new_environment, run_module, wait_until
from tests.wandb_api.hook import Hook
from tests.wandb_api.sdk import PATIENCE, Runbell

pytestmark = pytest.mark.processes

ROWS = 12_000
OFFLINE = f"""
import wandb
run = wandb.init(entity="acme", project="mnist", id="synced", name="synced", mode="offline")
for step in range({ROWS}):
    run.log({{"loss": float(step)}})
run.finish()
"""
ONLINE = """
import time, wandb
run = wandb.init(entity="acme", project="mnist", id="online", name="online")
for step in range(100_000):
    run.log({"loss": float(step)})
    time.sleep(0.002)
"""
# So that there is a middle: else all is posted at once.
POSTS_OFTEN = {"WANDB_X_FILE_STREAM_TRANSMIT_INTERVAL": "1"}


def listens(runbell: Runbell, hook: Hook, value: float) -> None:
    condition = {
        "type": "metric_threshold", "metric": "loss", "aggregation": "latest", "comparison": "eq", "threshold": value,
    }  # fmt: skip
    payload = json.dumps({"run": "${run_name}", "at": value})
    runbell.ask_rest(
        "automations", name=f"at {value}", scope={"type": "project", "name": "acme/mnist"}, event="RUN_METRIC",
        conditions=[condition], action={"type": "send_webhook", "webhook": "hook", "payload": payload},
        cooldown_seconds=0,
    )  # fmt: skip


def kill_hard(process: subprocess.Popen[str]) -> None:
    """With all that it started: the program of the SDK that posts is another process."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_each_row_is_there_once_and_told_once_whoever_is_killed_meanwhile(tmp_path: Path) -> None:
    with new_environment(tmp_path) as fresh, Hook() as hook:
        environment = {**fresh, "PORT": str(free_port()), "RUNBELL_ALLOWED_PRIVATE_CIDRS": "127.0.0.1/32"}
        manage(environment, "migrate", "--verbosity=0")
        keys = json.loads(run_module(environment, "tests.wandb_api.scene", "world"))
        with Server(environment) as server:
            server.wait_until_ready(PATIENCE)
            runbell = Runbell(server.url, environment, tmp_path, keys, variables=POSTS_OFTEN)
            assert runbell.script(OFFLINE).exit_code == 0
            runbell.ask_rest("teams/acme/integrations/webhook", name="hook", url=hook.url)
            (offline,) = (tmp_path / "sdk" / "wandb").glob("offline-run-*")
            for value in (3.0, ROWS - 1.0):
                listens(runbell, hook, value)
            online = runbell.start(ONLINE)
            wait_until(lambda: logged(runbell, "online"), PATIENCE, "rows of the online run are there")
            sync = runbell.start_command("sync", str(offline))
            wait_until(lambda: logged(runbell, "synced"), PATIENCE, "a part of the folder is there")
        # The server and its workers are gone by SIGKILL; so are the scripts.
        for process in (online, sync):
            kill_hard(process)
        with Server(environment) as server:
            server.wait_until_ready(PATIENCE)
            (begun,) = (tmp_path / "sdk" / "wandb").glob("run-*")
            for folder in (offline, begun):
                again = runbell.command("sync", "--include-online", "--include-synced", str(folder))
                assert again.exit_code == 0, again.printed
            synced, begun_rows = ([row["_step"] for row in runbell.stored_rows(name)] for name in ("synced", "online"))
            assert (synced, begun_rows) == (list(range(ROWS)), list(range(len(begun_rows))))
            assert [runbell.run(name)["differing_rows"] for name in ("synced", "online")] == [{}, {}]
            told = {("synced", 3.0), ("synced", ROWS - 1.0), ("online", 3.0)}
            wait_until(lambda: told <= set(arrived(hook)), PATIENCE, "all is told")
            # At least once, with one id: a second try of what was under way when the worker died is no second telling.
            assert {what: len(ids) for what, ids in arrived(hook).items()} == dict.fromkeys(told, 1)
        hook.shutdown()


def logged(runbell: Runbell, name: str) -> int:
    """Give how many rows of the run are stored; 0 where there is no run yet."""
    headers = {"Authorization": f"Bearer {runbell.keys['alice']}"}
    answer = requests.get(f"{runbell.url}/api/v1/projects/acme/mnist/runs/{name}", headers=headers, timeout=30)
    return int(answer.json()["rows_logged"]) if answer.ok else 0


def arrived(hook: Hook) -> dict[tuple[str, float], set[str]]:
    """Give the ids of what came, by the run and the value that it told of."""
    found: dict[tuple[str, float], set[str]] = {}
    for (_at, body), id in zip(list(hook.arrived), list(hook.ids), strict=False):
        found.setdefault((body["run"], body["at"]), set()).add(id)
    return found
