"""Wide, long and many: 100,000 steps of 200 metrics by the SDK, 10,000 metrics a run, 50 writers at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench import on_postgresql
from bench.setting import ROOT, Setting, percentile
from bench.web import Client, cpu_seconds, served

if TYPE_CHECKING:
    from bench.scene import Posters

_STEPS, _METRICS = 100_000, 200
_MANY_METRICS, _WIDE_STEPS = 10_000, 20
_SDK_WRITERS, _POSTING_WRITERS, _ROWS_EACH = 12, 38, 2_000
_ROWS_A_POST = 100
_LIMIT_SECONDS = 1_500
_SCRIPT = """
import sys, wandb
name, steps, metrics = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
names = [f"m{one:05d}" for one in range(metrics)]
with wandb.init(entity="bench", project="bench", id=name, settings=wandb.Settings(console="off", silent=True)) as run:
    for step in range(steps):
        run.log({one: step / (at + 1) for at, one in enumerate(names)})
"""


def measure(setting: Setting) -> None:
    from bench.scene import Posters

    posters = Posters.make()
    with served() as (port, server):
        before = cpu_seconds(server)
        for name, steps, metrics in (("long", _STEPS, _METRICS), ("wide", _WIDE_STEPS, _MANY_METRICS)):
            seconds = _until_done([_sdk(port, posters.key, name, steps, metrics)])
            _tell(f"{steps:,} steps x {metrics:,} metrics", posters.rows_stored(name), {name: steps}, seconds)
        print(f"    the server's CPU for both   {cpu_seconds(server) - before:9.1f} s")
        wanted, seconds, waits = _many_at_once(posters, port)
        _tell(f"{len(wanted)} writers at once", posters.rows_stored("writer"), wanted, seconds)
        print(f"    a post of {_ROWS_A_POST} rows           p99 {percentile(waits, 0.99):9.1f} ms", flush=True)
    on_postgresql.again("wide")


def _many_at_once(posters: Posters, port: int) -> tuple[dict[str, int], float, list[float]]:
    """Have SDKs and posting scripts write together; give the rows each wrote, how long it took, the waits of posts."""
    paths = posters.paths("writer-post", _POSTING_WRITERS)
    waits: list[float] = []
    bodies = [_body(offset) for offset in range(0, _ROWS_EACH, _ROWS_A_POST)]
    threads = [
        threading.Thread(target=Client(port, path, posters.headers).post_all, args=(bodies, waits)) for path in paths
    ]
    names = [f"writer-sdk{number}" for number in range(_SDK_WRITERS)]
    begun = time.perf_counter()
    scripts = [_sdk(port, posters.key, name, _ROWS_EACH, 5) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _until_done(scripts)
    wanted = dict.fromkeys([*names, *(f"writer-post{number}" for number in range(_POSTING_WRITERS))], _ROWS_EACH)
    return wanted, time.perf_counter() - begun, waits


def _sdk(port: int, key: str, name: str, steps: int, metrics: int) -> subprocess.Popen[bytes]:
    folder = tempfile.mkdtemp(prefix="wandb-", dir=os.environ["RUNBELL_DATA_DIR"])
    told = {"WANDB_BASE_URL": f"http://127.0.0.1:{port}", "WANDB_API_KEY": key, "WANDB_DIR": folder}
    environment = {**os.environ, **told, "WANDB_ERROR_REPORTING": "false", "HOME": folder}
    log = (Path(folder) / "script.log").open("wb")
    command = [sys.executable, "-c", _SCRIPT, name, str(steps), str(metrics)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)


def _until_done(scripts: list[subprocess.Popen[bytes]]) -> float:
    begun = time.perf_counter()
    for script in scripts:
        assert script.wait(timeout=_LIMIT_SECONDS) == 0, "a script failed"
    return time.perf_counter() - begun


def _body(offset: int) -> bytes:
    rows = [{"_step": step, "_runtime": step * 0.01, **{f"m{one}": step / 3 for one in range(5)}} for step in
            range(offset, offset + _ROWS_A_POST)]  # fmt: skip
    lines = [json.dumps(row, separators=(",", ":")) for row in rows]
    return json.dumps({"files": {"wandb-history.jsonl": {"offset": offset, "content": lines}}}).encode()


def _tell(what: str, stored: dict[str, int], wanted: dict[str, int], seconds: float) -> None:
    lost = {name: (stored.get(name, 0), rows) for name, rows in wanted.items() if stored.get(name, 0) != rows}
    assert not lost, f"rows that are there, and rows that were logged: {lost}"
    rows = sum(wanted.values())
    print(f"  {what:<30}{rows:9,} rows, each once, in {seconds:7.1f} s: {rows / seconds:9,.0f} rows/s", flush=True)
