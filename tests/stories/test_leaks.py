"""Nothing that anybody can read holds a secret: 20 canaries through real workers, then everything is searched."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from tests.canaries import CANARIES, ENCODINGS
from tests.processes import ROOT, Environment, Worker, alive_in, free_port, manage, new_environment, wait_until
from tests.stories.echoes import SLACK_KINDS, Echo, EchoingMail, EchoingSlack

pytestmark = pytest.mark.processes

# What is too short to stand for the canary alone: it is in every text.
_SHORTEST_NEEDLE = 6
_RARE = {"ONE": "ß", "TWO": "Ĳ¶"}


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Environment]:
    settings = {
        "RUNBELL_ALLOWED_PRIVATE_CIDRS": "127.0.0.1/32", "RUNBELL_DELIVERY_DEADLINE_SECONDS": "1",
        "RUNBELL_RETRY_SECONDS": "0,1", "RUNBELL_LOG_LEVEL": "DEBUG", "RUNBELL_ALLOWED_HOSTS": "testserver",
    }  # fmt: skip
    with new_environment(tmp_path) as fresh:
        yield {**fresh, **settings}


def scene(environment: Environment, *step: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.stories.leak_scene", *step]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return done


def needles() -> dict[str, str]:
    """What must stand nowhere: each canary in each encoding, and its first 40 characters."""
    found = dict(_RARE)
    for name, secret in CANARIES.items():
        for how, write in ENCODINGS.items():
            for part in (secret, secret[:40]):
                written = write(part)
                if len(written.strip()) >= _SHORTEST_NEEDLE and len(part.strip()) >= _SHORTEST_NEEDLE:
                    found[f"{name} as {how} {len(part)}"] = written
    return found


def found_in(haystack: bytes) -> list[str]:
    return [name for name, needle in needles().items() if needle.encode() in haystack]


def database_bytes(environment: Environment) -> bytes:
    """The database as it lies on the disk, with what was deleted; of PostgreSQL, each table as it would be copied."""
    url = environment.get("DATABASE_URL", "")
    if not url:
        return b"".join(path.read_bytes() for path in Path(environment["RUNBELL_DATA_DIR"]).glob("runbell.sqlite3*"))
    copied = []
    with psycopg.connect(url) as database:
        names = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (name,) in names:
            with database.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(name))) as rows:
                copied += [bytes(row) for row in rows]
    return b"".join(copied)


def deliver_everything(environment: Environment, echo: Echo, slack: EchoingSlack, mail: EchoingMail) -> dict[str, str]:
    """Let a run fail; a worker that is killed and one that crashes deliver what follows. Give what was printed."""
    dead = free_port()
    urls = f"http://127.0.0.1:{echo.server_port}", slack.url, f"http://127.0.0.1:{dead}"
    said = [scene(environment, "prepare", *urls), scene(environment, "fail")]
    with Worker(environment) as first:
        # It dies with deliveries under way: what it held in memory must be nowhere.
        wait_until(lambda: echo.hanging >= 3 and slack.hanging >= 3, 60, "deliveries that hang")
        for pid in alive_in(environment):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    # With what came back written, and not committed.
    with Worker({**environment, "RUNBELL_CRASH_AT": "delivery.storing"}) as second:
        wait_until(lambda: "pending" not in json.loads(scene(environment, "states").stdout), 180, "an end of all")
        wait_until(lambda: mail.letters, 30, "notices by e-mail")
    said.append(scene(environment, "write", str(mail.port), str(dead)))
    folder = Path(environment["RUNBELL_DATA_DIR"]) / "collected"
    folder.mkdir()
    said.append(scene(environment, "collect", str(folder)))
    return {"log": first.printed + second.printed, "output": "".join(done.stdout + done.stderr for done in said)}


def test_no_secret_is_left_anywhere(environment: Environment) -> None:
    manage(environment, "migrate", "--verbosity=0")
    with Echo() as echo, EchoingSlack() as slack, EchoingMail() as mail:
        password = quote(CANARIES["PERCENT"], safe="")
        outside = {"SLACK_API_URL": slack.api_url, "EMAIL_URL": f"smtp://postman:{password}@127.0.0.1:{mail.port}"}
        printed = deliver_everything({**environment, **outside}, echo, slack, mail)
        echo.shutdown()
    data = Path(environment["RUNBELL_DATA_DIR"])
    places = {path.name: path.read_bytes() for path in (data / "collected").iterdir()}
    places |= {name: text.encode() for name, text in {**printed, "letters": mail.written}.items()}
    places["database"] = database_bytes(environment)
    assert (data / "crashed-delivery.storing").exists()
    assert_all_was_sent(echo, slack, mail)
    assert all(len(places[name]) > 10_000 for name in ("database", "tables.txt", "answers.txt", "dumpdata.json"))
    # Answers were kept, but for what was masked in them, and of short secrets nothing.
    assert b"plain: ********" in places["tables.txt"]
    assert b"(not kept: it may say back a secret" in places["tables.txt"]
    assert {place: leaks for place, text in places.items() if (leaks := found_in(text))} == {}


def assert_all_was_sent(echo: Echo, slack: EchoingSlack, mail: EchoingMail) -> None:
    """The search finds what there is: each receiver was really sent the secrets that can be sent there."""
    assert [name for name, bodies in echo.bodies.items() if not bodies] == []
    everything_sent = "\n".join(body for bodies in echo.bodies.values() for body in bodies)
    findable = CANARIES.keys() - {"SPACES"}
    assert {name.split()[0] for name in found_in(everything_sent.encode())} == findable
    # Each in some way, and each way by some: on a busy machine a second is not enough for all of them.
    assert {name for way, _kind, name in slack.sent if way == "hook"} == CANARIES.keys()
    assert {kind for way, kind, _name in slack.sent if way == "hook"} == set(SLACK_KINDS)
    one_line = {name for name, secret in CANARIES.items() if secret.isascii() and secret.isprintable()}
    assert {name for way, kind, name in slack.sent if way == "bot" and kind == "FAIL"} >= one_line
    assert mail.sent["echo"] == mail.sent["gone"] == {secret for secret in CANARIES.values() if secret.isascii()}
    assert "The Slack channel bot-GONE-PLAIN is disabled" in mail.written
    assert "Subject: gone-PLAIN" not in mail.written
    assert "Subject: echo-PLAIN" in mail.written
