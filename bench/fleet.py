"""200 scripts at once, each with ten minutes' worth of posts: nothing of it may be lost."""

from __future__ import annotations

import json
import threading
import time

from bench.setting import Setting, percentile
from bench.web import Client, served

_RUNS, _MINUTES, _EACH_SECONDS, _ROWS = 200, 10, 15, 75
_POSTS = _MINUTES * 60 // _EACH_SECONDS


def measure(setting: Setting) -> None:
    from bench.scene import Posters

    posters = Posters.make()
    bodies, waits = [_body(post) for post in range(_POSTS)], list[float]()
    with served() as (port, _server):
        clients = [Client(port, path, posters.headers) for path in posters.paths("fleet", _RUNS)]
        threads = [threading.Thread(target=client.post_all, args=(bodies, waits)) for client in clients]
        begun = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - begun
    kept = posters.rows_stored("fleet")
    whole = [run for run, rows in kept.items() if rows == _POSTS * _ROWS]
    ended = posters.ended()
    print(f"  {len(whole)} of {_RUNS} runs are whole, {ended} have ended, {sum(kept.values()):,} rows are kept")
    rate = len(waits) / seconds
    print(f"  {len(waits)} posts in {seconds:.0f} s: {rate:.0f} a second; they need {_RUNS / _EACH_SECONDS:.0f}")
    print(f"  p50 {percentile(waits, 0.5):.0f} ms   p99 {percentile(waits, 0.99):.0f} ms, all at once")
    assert (len(whole), ended) == (_RUNS, _RUNS), "something was lost"


def _body(post: int) -> bytes:
    """What 15 seconds bring: five rows a second, the summary, one row of the machine's, two printed lines."""
    steps = range(post * _ROWS, (post + 1) * _ROWS)
    rows = [
        json.dumps({"loss": 1 / (step + 1), "acc": 0.9, "_step": step, "_timestamp": 1.79e9 + step}) for step in steps
    ]
    files = {
        "wandb-history.jsonl": {"offset": steps.start, "content": rows},
        "wandb-events.jsonl": {"offset": post, "content": [json.dumps({"system.cpu": 12.5, "_wandb": True})]},
        "wandb-summary.json": {"offset": 0, "content": [rows[-1]]},
        "output.log": {"offset": 2 * post, "content": [f"epoch {post}", "saved"]},
    }
    over = {"complete": True, "exitcode": 0} if post == _POSTS - 1 else {}
    return json.dumps({"files": files, **over}).encode()
