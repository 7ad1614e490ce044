"""A story: an export asked for over REST, its worker killed over it, fetched, and imported elsewhere."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.processes import Server, Worker, descendants, kill, new_environment, run_module, wait_until

pytestmark = pytest.mark.processes

ARCHIVING = "tests.operations.archiving"
CRASH = "archive.storing"


class Web(Server):
    """`manage.py web`: no worker."""

    name = "web"


class Person:
    """Asks the web server over REST, with a key."""

    def __init__(self, url: str, key: str) -> None:
        self._api, self._key = f"{url}/api/v1", key

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self._key}"}
        answer = requests.request(method, f"{self._api}/{path}", headers=headers, timeout=60, **options)
        assert answer.ok, answer.text
        return answer

    def finished(self, job: str) -> dict[str, Any]:
        wait_until(lambda: self.send("GET", job).json()["finished_at"], 40, f"{job} is finished")
        found: dict[str, Any] = self.send("GET", job).json()
        return found


def test_an_export_survives_its_killed_worker_and_is_imported_elsewhere(tmp_path: Path) -> None:
    with new_environment(tmp_path) as environment, Web(environment) as web:
        web.wait_until_ready(60)
        keys = json.loads(run_module(environment, ARCHIVING, "prepare"))
        alice, charlie = Person(web.url, keys["alice"]), Person(web.url, keys["charlie"])
        asked = alice.send("POST", "teams/acme/archives", json={"format": "jsonl"}).json()
        job = f"teams/acme/archives/{asked['id']}"

        with Worker({**environment, "RUNBELL_CRASH_AT": CRASH}) as worker:
            # First the job's own process, when the archive lies in the storage; then the worker.
            wait_until((tmp_path / f"crashed-{CRASH}").exists, 60, f"a crash at {CRASH}\n{worker.printed}")
            kill([worker.pid, *descendants(worker.pid)])
            there = alice.send("GET", job).json()
            assert (there["finished_at"], there["problem"]) == (None, "")

            run_module(environment, ARCHIVING, "expire")
            with Worker(environment):
                _assert_fetched_and_imported(alice, charlie, job)


def _assert_fetched_and_imported(alice: Person, charlie: Person, job: str) -> None:
    done = alice.finished(job)
    assert (done["problem"], done["report"]["counts"]["runs"]) == ("", 3)
    content = alice.send("GET", f"{job}/file").content
    assert len(content) == done["size"]
    fetched = [row for row in alice.send("GET", "teams/acme/audit").json()["results"] if row["verb"] == "archive.fetch"]
    assert [(row["actor"], row["target"], row["after"]["export"]) for row in fetched] == [
        ("alice", "export of acme", done["id"])
    ]

    imported = charlie.finished(f"teams/other/archives/{_sent(charlie, content)}")
    assert imported["problem"] == "", imported
    made = imported["report"]["created"]
    # What the version holds, and its list of that.
    assert (made["runs"], made["versions"], made["files"]) == (3, 1, 2)
    theirs, mine = (
        person.send("GET", f"projects/{team}/mnist/runs/run1/history?samples=1000").json()
        for person, team in ((charlie, "other"), (alice, "acme"))
    )
    assert theirs == mine
    assert len(mine["rows"]) == 500


def _sent(person: Person, content: bytes) -> int:
    """Send the archive and ask for its import; give the number of the job."""
    md5 = {"md5": hashlib.md5(content).hexdigest()}
    place = person.send("POST", "teams/other/archives/upload", json=md5).json()["upload_url"]
    assert requests.put(place, content, timeout=60).status_code == 200
    number: int = person.send("POST", "teams/other/archives/import", json=md5).json()["id"]
    return number
