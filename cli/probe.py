"""The `runbell-probe` command: whether what runs in this container is well, for health checks of Docker and Kubernetes.

It loads neither Django nor the settings: it is started every few seconds.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import time
from pathlib import Path

_SECONDS = 4
# Beats come each second; as RUNBELL_READY_BEAT_SECONDS has it, if nobody says otherwise.
_STALE_SECONDS = "10"
_USAGE = (
    "runbell-probe web: the part of /readyz that is this web server's; runbell-probe worker: this worker's heartbeat"
)


def main() -> None:
    arguments = sys.argv[1:]
    probes = {"web": web, "worker": worker}
    if len(arguments) != 1 or arguments[0] not in probes:
        sys.exit(_USAGE)
    problem = probes[arguments[0]]()
    sys.exit(problem or None)


def web() -> str:
    """Give what is wrong with the web server here, as `/readyz?only=web` has it; empty: nothing."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(os.environ.get("RUNBELL_HOST", ""), "127.0.0.1")
    connection = http.client.HTTPConnection(host, int(os.environ.get("PORT") or 8000), timeout=_SECONDS)
    try:
        connection.request("GET", "/readyz?only=web")
        answer = connection.getresponse()
        said = answer.read()
    except (OSError, http.client.HTTPException) as error:
        return f"no answer: {type(error).__name__}"
    finally:
        connection.close()
    return "" if answer.status == 200 else f"{answer.status}: {_problems(said)}"


def worker() -> str:
    """Give what is wrong with the worker here. Where several share the data folder, one that lives is enough."""
    folder = Path(os.environ.get("RUNBELL_DATA_DIR") or "var")
    beats = [file.stat().st_mtime for file in folder.glob("heartbeat-*")]
    if not beats:
        return f"no worker has a heartbeat in {folder}"
    age, most = time.time() - max(beats), float(os.environ.get("RUNBELL_READY_BEAT_SECONDS") or _STALE_SECONDS)
    return f"the last heartbeat is {age:.0f} s old" if age > most else ""


def _problems(said: bytes) -> str:
    try:
        # Where Runbell is public it does not know that we are near.
        return " ".join(json.loads(said).get("problems", ["`runbell doctor` says why"]))
    except (ValueError, KeyError, TypeError):
        return "no answer of Runbell's"


if __name__ == "__main__":
    main()
