"""What scripts post: rows accepted a second (8 clients, 1,000 rows a post), beside a bare executemany."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from bench import on_postgresql
from bench.setting import Setting, percentile
from bench.web import Client, cpu_seconds, served

_CLIENTS, _POSTS, _ROWS = 8, 60, 1_000
_TARGET_ROWS, _TARGET_MS = 100_000, 100.0


def measure(setting: Setting) -> None:
    from bench.scene import Posters

    posters = Posters.make()
    bodies = [[_body(post * _ROWS, _ROWS) for post in range(_POSTS)] for _ in range(_CLIENTS)]
    with served() as (port, server):
        _round(port, posters.paths("warm", 2), posters.headers, [one[:5] for one in bodies[:2]])
        before = cpu_seconds(server)
        busy = _round(port, posters.paths("busy", _CLIENTS), posters.headers, bodies)
        spent = cpu_seconds(server) - before
        every = _CLIENTS * _ROWS / _TARGET_ROWS
        paced = _round(port, posters.paths("paced", _CLIENTS), posters.headers, bodies, every)
    stored, sent = sum(posters.rows_stored().values()), 2 * busy.rows + 2 * 5 * _ROWS
    assert stored == sent, f"{stored} rows are there of {sent}"
    bare = _bare([json.loads(body)["files"]["wandb-history.jsonl"]["content"] for body in bodies[0]])
    print(f"  as fast as it goes    {busy}")
    print(f"  at {_TARGET_ROWS:,} rows/s     {paced}")
    core = f"{1000 * spent / len(busy.waits):9.1f} ms a post: {busy.rows / spent:,.0f} rows/s a core"
    print(f"  the server's CPU      {core}")
    print(f"  bare executemany      {bare:9,.0f} rows/s")
    print(f"  target on SQLite      {_TARGET_ROWS:9,.0f} rows/s   p99 {_TARGET_MS} ms", flush=True)
    on_postgresql.again("file_stream")


@dataclass
class Round:
    """What one round of posts took."""

    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)
    rows: int = 0

    def __str__(self) -> str:
        rate = len(self.waits) / self.seconds
        waits = f"p50 {percentile(self.waits, 0.5):5.1f} ms  p99 {percentile(self.waits, 0.99):5.1f} ms"
        return f"{self.rows / self.seconds:9,.0f} rows/s  {rate:5.0f} posts/s  {waits}"


def _round(port: int, paths: list[str], headers: dict[str, str], bodies: list[list[bytes]], every: float = 0) -> Round:
    """Let each client post its bodies one after the other; at most one each `every` seconds."""
    done, threads = Round(), []
    begun = time.perf_counter()
    for place, (path, own) in enumerate(zip(paths, bodies, strict=True)):
        client = Client(port, path, headers, begun + place * every / len(paths), every)
        threads.append(threading.Thread(target=client.post_all, args=(own, done.waits)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    done.seconds, done.rows = time.perf_counter() - begun, sum(map(len, bodies)) * _ROWS
    return done


def _body(offset: int, count: int) -> bytes:
    """Write a post as wandb-core does: rows as JSON texts, with the keys it adds."""
    rows = [
        {"loss": 1 / (step + 1), "_step": step, "_runtime": step * 0.017, "_timestamp": 1.7954995919273950e09 + step}
        for step in range(offset, offset + count)
    ]
    lines = [json.dumps(row, separators=(",", ":")) for row in rows]
    return json.dumps({"files": {"wandb-history.jsonl": {"offset": offset, "content": lines}}}).encode()


def _bare(chunks: list[list[str]]) -> float:
    """Give how fast the same rows go into a table of their own, a transaction for each post."""
    write = _bare_postgresql if os.environ.get("DATABASE_URL", "").startswith("postgres") else _bare_sqlite
    begun = time.perf_counter()
    write(chunks)
    return sum(map(len, chunks)) / (time.perf_counter() - begun)


def _bare_sqlite(chunks: list[list[str]]) -> None:
    connection = sqlite3.connect(Path(os.environ["RUNBELL_DATA_DIR"]) / "bare.sqlite3")
    connection.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; CREATE TABLE bare (line INTEGER, row TEXT)"
    )
    for number, chunk in enumerate(chunks):
        with connection:
            connection.executemany(
                "INSERT INTO bare VALUES (?, ?)", [(number * _ROWS + n, row) for n, row in enumerate(chunk)]
            )
    connection.close()


def _bare_postgresql(chunks: list[list[str]]) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("CREATE TEMPORARY TABLE bare (line BIGINT, row TEXT)")
        connection.commit()
        for number, chunk in enumerate(chunks):
            with connection.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO bare VALUES (%s, %s)", [(number * _ROWS + n, row) for n, row in enumerate(chunk)]
                )
            connection.commit()
