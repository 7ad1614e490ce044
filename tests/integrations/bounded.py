"""Send one request and print what it cost: run by a process of its own, so that its memory is nobody else's."""

from __future__ import annotations

import gc
import json
import sys
import time
from pathlib import Path

from outbound.client import Unreachable
from tests.integrations.receivers import client, post


def main(healthy: str, bad: str, deadline_seconds: float, body_bytes: int, body_limit: int) -> None:
    sender = client()
    # What is imported and set up at the first request is not the bad receiver's doing.
    sender.send(post(healthy))
    gc.collect()
    # Sets the peak back to what is held now; importing may have held more for a moment.
    Path("/proc/self/clear_refs").write_text("5")
    before = peak_mib()
    started = time.monotonic()
    try:
        reply = sender.send(post(bad, bytes(body_bytes)), deadline_seconds=deadline_seconds, body_limit=body_limit)
        said = f"{reply.status}, {len(reply.body)} bytes"
    except Unreachable as error:
        said = str(error)
    seconds = time.monotonic() - started
    json.dump({"said": said, "seconds": seconds, "mib": peak_mib() - before}, sys.stdout)


def peak_mib() -> float:
    """The most this process ever held. Not `getrusage`: there it begins with the peak of the process it came from."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024
