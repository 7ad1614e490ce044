"""How long the server takes for each page where there is much: 1,000 projects, 100,000 runs, 1,000,000 executions.

BENCH_PAGES_SHARE=0.01 looks at a hundredth of that. The aim is 200 ms at p95. The CPU time beside it tells what others
on this machine made of that; with SQLite it holds the database's work too.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import override_settings

from bench.setting import Setting, percentile

_TIMES, _AIM = 20, 200
_BUILT, MOST_KB = Path(__file__).resolve().parent.parent / "static" / "build", 200
# The parts of pages that htmx asks for answer others with the way to the whole page.
_PART = {"HX-Request": "true"}


def measure(setting: Setting) -> None:
    # As the server that runs does: what is loaded by then is no garbage to look through, there as here.
    from bench.crowd import Crowd, Size
    from config import preload

    preload.load_pages()

    size, begun = Size.of(float(os.environ.get("BENCH_PAGES_SHARE", "1"))), time.monotonic()
    crowd = Crowd(size)
    print(f"  {size}, made in {time.monotonic() - begun:.0f} s", flush=True)
    with override_settings(ALLOWED_HOSTS=["*"], WHITENOISE_AUTOREFRESH=True):
        client = Client()
        client.force_login(crowd.person)
        slow = [name for name, address in crowd.addresses().items() if _time(client, name, address) > _AIM]
    print(f"  over {_AIM} ms at p95: {', '.join(slow) or 'none'}")
    print(f"  script and style of the heaviest page, compressed: {heaviest_page() / 1000:.0f} KB (at most {MOST_KB})")


def heaviest_page() -> int:
    """Give the bytes of script and style of a page that needs all there are, as they are sent."""
    built = [path for path in _BUILT.glob("*.gz") if path.name.endswith((".js.gz", "app.css.gz"))]
    return sum(path.stat().st_size for path in built)


def _time(client: Client, name: str, address: str) -> float:
    headers = _PART if name.partition(", ")[2] in ("what fired", "versions", "its automations") else {}
    queries: list[str] = []

    def noted(execute: Any, sql: str, *rest: Any) -> Any:
        queries.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(noted):
        answer = client.get(address, headers=headers)
    assert answer.status_code == 200, f"{address} gave {answer.status_code}"
    took, worked = [], []
    for _ in range(_TIMES):
        begun, used = time.perf_counter(), time.process_time()
        client.get(address, headers=headers)
        took.append(1000 * (time.perf_counter() - begun))
        worked.append(1000 * (time.process_time() - used))
    p95, cpu = percentile(took, 0.95), percentile(worked, 0.95)
    mark = "  <-- over the aim" if p95 > _AIM else ""
    said = f"p50 {percentile(took, 0.5):5.0f} ms   p95 {p95:5.0f} ms (CPU {cpu:4.0f})   {len(queries):3d} queries"
    print(f"  {name:26} {said}   {len(answer.content) / 1000:5.0f} kB{mark}", flush=True)
    return p95
