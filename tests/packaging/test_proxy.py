"""The proxy of the reference deployment before a real Runbell: an nginx with deploy/nginx.conf, where there is one."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.processes import ROOT, Server, crowding, free_port, new_environment, wait_until

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(shutil.which("nginx") is None, reason="there is no nginx here (apt-get install nginx)"),
]
DOORS = ["/api/v1/me", "/graphql", "/files/send/x", "/artifactsV2/x/y"]


@dataclass
class Deployed:
    plain: str
    https: str
    certificate: Path
    key: str
    log: Path

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        options.setdefault("headers", {}).setdefault("Authorization", f"Bearer {self.key}")
        return requests.request(
            method, f"{self.https}{path}", verify=str(self.certificate), timeout=60, allow_redirects=False, **options
        )

    def graphql(self, query: str) -> Any:
        answer = self.ask("POST", "/graphql", json={"query": query})
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("deployed")
    plain, https, runbell = free_port(), free_port(), free_port()
    secrets = _made_secrets(folder)
    config = _configured(folder, plain=plain, https=https, runbell=runbell)
    with new_environment(folder / "data") as environment:
        address = f"https://localhost:{https}"
        environment |= {"RUNBELL_URL": address, "RUNBELL_TRUSTED_PROXIES": "127.0.0.1/32", "PORT": str(runbell)}
        (folder / "data").mkdir(mode=0o700)
        with Server(environment) as server, _nginx(config) as log:
            server.wait_until_ready(60)
            key = re.findall(r"^api_key = (.*)$", (folder / "data/sign-in.txt").read_text(), re.MULTILINE)[0]
            wait_until(lambda: _listens(https), 20, "nginx")
            yield Deployed(f"http://localhost:{plain}", address, secrets / "tls_certificate", key, log)


def test_a_person_signs_in_through_it(deployed: Deployed) -> None:
    with requests.Session() as browser:
        browser.verify = str(deployed.certificate)
        page = browser.get(f"{deployed.https}/sign-in", timeout=60)

        assert page.status_code == 200
        assert page.headers["Strict-Transport-Security"].startswith("max-age=31536000")
        assert {cookie.name: cookie.secure for cookie in browser.cookies} == {"__Host-csrftoken": True}
        token = page.text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        wrong = browser.post(
            f"{deployed.https}/sign-in",
            {"username": "admin", "password": "wrong", "csrfmiddlewaretoken": token},
            headers={"Referer": f"{deployed.https}/sign-in"},
            timeout=60,
        )
        assert (wrong.status_code, "No one signs in" in wrong.text) == (200, True)


def test_what_a_client_says_of_its_own_address_is_not_believed(deployed: Deployed) -> None:
    said = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "http", "Forwarded": "for=203.0.113.7"}

    made = deployed.ask("POST", "/api/v1/teams/demo/invitations", json={"role": "viewer"}, headers=said)
    rows = deployed.ask("GET", "/api/v1/teams/demo/audit").json()["results"]

    assert made.status_code == 201
    assert {row["address"] for row in rows if row["verb"].startswith("invitation")} == {"127.0.0.1"}


def test_a_request_has_one_id_in_the_log_of_the_proxy_and_in_the_answer(deployed: Deployed) -> None:
    answer = deployed.ask("GET", "/api/v1/me", headers={"X-Request-ID": "said-by-a-client"})
    given = answer.headers["X-Request-ID"]
    wait_until(lambda: f" {given}\n" in deployed.log.read_text(), 20, "a line of the proxy")

    assert re.fullmatch("[0-9a-f]{32}", given)
    assert "said-by-a-client" not in deployed.log.read_text()


@pytest.mark.parametrize("door", DOORS)
def test_a_script_over_plain_http_is_refused(deployed: Deployed, door: str) -> None:
    refused = requests.post(f"{deployed.plain}{door}", timeout=60, allow_redirects=False)

    assert (refused.status_code, refused.headers.get("Location")) == (403, None)


def test_a_person_over_plain_http_is_led_to_https(deployed: Deployed) -> None:
    answer = requests.get(f"{deployed.plain}/sign-in?next=/x", timeout=60, allow_redirects=False)

    assert (answer.status_code, answer.headers["Location"]) == (301, "https://localhost/sign-in?next=/x")


def test_health_is_for_this_machine_alone(deployed: Deployed) -> None:
    assert deployed.ask("GET", "/healthz").status_code == 404


def test_a_name_that_is_not_ours_is_refused(deployed: Deployed) -> None:
    assert deployed.ask("GET", "/sign-in", headers={"Host": "evil.test"}).status_code == 400


def test_a_file_larger_than_any_other_body_goes_through_and_comes_back(deployed: Deployed) -> None:
    content = os.urandom(1024) * 1024 * 48
    deployed.graphql(
        'mutation { upsertBucket(input: {entityName: "demo", modelName: "big", name: "one"}) { inserted } }'
    )
    files = 'entityName: "demo", projectName: "big", runName: "one", files: ["big.bin"]'
    made = deployed.graphql(f"mutation {{ createRunFiles(input: {{{files}}}) {{ files {{ uploadUrl }} }} }}")
    link = made["createRunFiles"]["files"][0]["uploadUrl"]

    sent = requests.put(link, data=content, verify=str(deployed.certificate), timeout=120)
    listed = deployed.graphql(
        '{ project(name: "big", entityName: "demo") { run(name: "one") { files(first: 5) { edges { node '
        "{ name directUrl } } } } } }"
    )
    nodes = [edge["node"] for edge in listed["project"]["run"]["files"]["edges"]]
    address = next(node["directUrl"] for node in nodes if node["name"] == "big.bin")
    fetched = requests.get(address, verify=str(deployed.certificate), timeout=120)

    assert (sent.status_code, fetched.status_code) == (200, 200)
    assert fetched.content == content
    assert link.startswith(deployed.https)
    # A link counts as a key: no log of the proxy holds one.
    assert link.rpartition("/")[2] not in deployed.log.read_text()


def test_any_other_body_of_that_size_is_refused_before_it_is_read(deployed: Deployed) -> None:
    refused = deployed.ask("POST", "/graphql", data=b" " * (33 * 2**20), headers={"Content-Type": "application/json"})

    assert refused.status_code == 413


def test_slow_clients_stop_nobody(deployed: Deployed) -> None:
    slow = [_half_a_request(deployed) for _ in range(60)]
    try:
        begun = time.monotonic()
        statuses = {deployed.ask("GET", "/api/v1/me").status_code for _ in range(10)}

        assert statuses == {200}
        assert time.monotonic() - begun < 5 * crowding()
    finally:
        for connection in slow:
            connection.close()


def test_a_request_of_two_lengths_is_refused(deployed: Deployed) -> None:
    with _connected(deployed) as connection:
        head = "POST /graphql HTTP/1.1", "Host: localhost", "Content-Length: 4", "Transfer-Encoding: chunked"
        connection.sendall("\r\n".join([*head, "", "0", "", "GET /smuggled HTTP/1.1", "", ""]).encode())

        assert connection.recv(100).startswith(b"HTTP/1.1 400")


def test_nobody_traces_what_was_sent(deployed: Deployed) -> None:
    assert deployed.ask("TRACE", "/sign-in").status_code == 405


def test_there_are_no_websockets(deployed: Deployed) -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "eA==",
    }

    assert deployed.ask("GET", "/sign-in", headers=upgrade).status_code == 200


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_tls_is_refused(deployed: Deployed, version: ssl.TLSVersion) -> None:
    context = ssl.create_default_context(cafile=str(deployed.certificate))
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", _port(deployed)), 20) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname="localhost")


def _made_secrets(folder: Path) -> Path:
    secrets = folder / "secrets"
    script = [str(ROOT / "deploy/make-secrets.sh"), str(secrets)]
    subprocess.run(script, check=True, env={**os.environ, "RUNBELL_HOST_NAME": "localhost"})
    return secrets


def _configured(folder: Path, *, plain: int, https: int, runbell: int) -> Path:
    """The file as it is, but for ports, names and folders of this test."""
    text = (ROOT / "deploy/nginx.conf").read_text()
    changes = {
        "/tmp/": f"{folder}/",
        "server web:8000;": f"server 127.0.0.1:{runbell};",
        "listen 8080 ": f"listen 127.0.0.1:{plain} ",
        "listen [::]:8080 default_server;": "",
        "listen 8443 ": f"listen 127.0.0.1:{https} ",
        "listen [::]:8443 ssl default_server;": "",
        "/run/secrets/": f"{folder}/secrets/",
        "/dev/stdout": f"{folder}/access.log",
    }
    for before, after in changes.items():
        assert before in text, before
        text = text.replace(before, after)
    path = folder / "nginx.conf"
    # As root its workers would give that up, and could not get at the folder of the test.
    user = "user root;\n" if os.geteuid() == 0 else ""
    path.write_text(f"daemon off;\n{user}{text}")
    return path


class _nginx:
    """nginx with this configuration, in a session of its own."""

    def __init__(self, config: Path) -> None:
        self.config = config

    def __enter__(self) -> Path:
        errors = self.config.with_suffix(".errors")
        command = ["nginx", "-p", str(self.config.parent), "-c", str(self.config), "-e", str(errors)]
        done = subprocess.run([*command, "-t"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "[warn]" not in done.stderr, done.stderr
        self.process = subprocess.Popen(command, start_new_session=True)
        return self.config.parent / "access.log"

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _port(deployed: Deployed) -> int:
    return int(deployed.https.rpartition(":")[2])


def _half_a_request(deployed: Deployed) -> ssl.SSLSocket:
    """A client that has said its head, and of its body only the beginning."""
    connection = _connected(deployed)
    body = json.dumps({"query": "{ viewer { id } }"})
    head = f"POST /graphql HTTP/1.1\r\nHost: localhost:{_port(deployed)}\r\nContent-Length: {len(body) + 10}\r\n\r\n"
    connection.sendall(f"{head}{body[:5]}".encode())
    return connection


def _connected(deployed: Deployed) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(deployed.certificate))
    return context.wrap_socket(
        socket.create_connection(("127.0.0.1", _port(deployed)), 20), server_hostname="localhost"
    )
