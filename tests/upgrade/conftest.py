"""A Runbell of today on the database that 0.1.0 wrote: migrated, and its pages served. No worker runs yet."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from pytest_httpserver import HTTPServer

from tests.processes import ROOT, Environment, free_port, manage, new_environment, wait_until
from tests.slack_server import SlackServer
from tests.smtp_server import SmtpServer
from tests.upgrade import words, written


@dataclass
class Upgraded:
    """What was written, and what is there now. `rows` and `answers` were taken before any worker ran."""

    environment: Environment
    facts: dict[str, Any]
    url: str
    receiver: HTTPServer
    slack: SlackServer
    mail: SmtpServer
    rows: dict[str, int] = field(default_factory=dict)
    answers: dict[tuple[str, str], tuple[int, Any]] = field(default_factory=dict)

    def ask(self, person: str, address: str, method: str = "GET", **options: Any) -> requests.Response:
        """Ask over REST, with the key the person was given by 0.1.0."""
        headers = {"Authorization": f"Bearer {self.facts['people'][person]['key']}", "Host": written.HOST}
        options = {"headers": headers, "timeout": 20, "allow_redirects": False, **options}
        return requests.request(method, self.url + address, **options)

    def browser(self, person: str = "") -> requests.Session:
        """Give a browser; with a person, one that has signed in by name and password."""
        browser = requests.Session()
        browser.headers["Host"] = written.HOST
        if person:
            browser.get(f"{self.url}/sign-in", timeout=20)
            password = self.facts["people"][person]["password"]
            sent = {"username": person, "password": password, "csrfmiddlewaretoken": _token(browser)}
            browser.post(f"{self.url}/sign-in", sent, timeout=20, allow_redirects=False)
        return browser

    def open(self, browser: requests.Session, address: str) -> requests.Response:
        """Open a page and follow where it leads; each step on the server that is here."""
        answer = browser.get(self.url + address, timeout=20, allow_redirects=False)
        for _ in range(5):
            if not answer.is_redirect:
                break
            there = answer.headers["Location"].removeprefix(f"http://{written.HOST}")
            answer = browser.get(self.url + there, timeout=20, allow_redirects=False)
        return answer

    def received(self) -> dict[str, tuple[str, str, bytes, dict[str, str]]]:
        """What the receiver got, by delivery: method, path, body and headers."""
        return {
            request.headers.get("webhook-id", ""): (request.method, request.path, request.data, dict(request.headers))
            for request, _answer in list(self.receiver.log)
        }

    def count(self, table: str) -> int:
        """Count the rows of what was this table in 0.1.0."""
        name = words.TABLES.get(table, table)
        return int(written.select(self.environment, f"SELECT count(*) FROM {name}")[0][0])


@pytest.fixture(scope="session")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    folder = tmp_path_factory.mktemp("upgraded")
    with (
        HTTPServer("127.0.0.1") as receiver,
        SlackServer() as slack,
        SmtpServer() as mail,
        new_environment(folder) as new,
    ):
        receiver.expect_request(re.compile(".*")).respond_with_json({"ok": True})
        written.load(new, receiver=f"127.0.0.1:{receiver.port}", slack_hook=slack.hook_url)
        environment = {
            **new,
            "RUNBELL_URL": f"http://{written.HOST}",
            "RUNBELL_ALLOWED_PRIVATE_CIDRS": "127.0.0.1/32",
            "SLACK_API_URL": slack.api_url.rstrip("/"),
            "EMAIL_URL": f"smtp://127.0.0.1:{mail.port}",
        }
        manage(environment, "migrate", "--verbosity=0")
        there = Upgraded(environment, written.facts(environment), "", receiver, slack, mail)
        there.rows = {table: there.count(table) for table in there.facts["rows"] if table not in words.NOT_KEPT}
        with _pages(environment) as there.url:
            for asked in there.facts["rest"]:
                answer = there.ask(asked["as"], words.new_address(asked["address"]) or asked["address"])
                # Webhooks were led elsewhere by us.
                text = answer.text.replace(f"127.0.0.1:{receiver.port}", written.RECEIVER)
                told = json.loads(text) if "json" in answer.headers.get("Content-Type", "") else text
                there.answers[asked["as"], asked["address"]] = answer.status_code, told
            yield there


@contextmanager
def _pages(environment: Environment) -> Iterator[str]:
    """Serve pages and REST alone: what waits in the database stays as it is."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", f"--bind=127.0.0.1:{port}", "--threads=4", "--no-control-socket"]
    log = Path(environment["RUNBELL_DATA_DIR"]) / "web.log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [*command, "config.wsgi:application"], cwd=ROOT, env=environment, stdout=stream, stderr=stream
        )
    try:
        wait_until(lambda: _is_up(f"http://127.0.0.1:{port}/healthz"), 60, "pages are served")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _is_up(url: str) -> bool:
    with suppress(requests.RequestException):
        return requests.get(url, headers={"Host": written.HOST}, timeout=20).status_code == 200
    return False


def _token(browser: requests.Session) -> str:
    return str(browser.cookies["csrftoken"])
