"""Runbell under a path of a host, behind an nginx that keeps the path and behind one that takes it away."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from tests.processes import free_port, wait_until
from tests.wandb_api.sdk import Runbell, running

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(shutil.which("nginx") is None, reason="there is no nginx here (apt-get install nginx)"),
]
PREFIX = "/runbell"
# A slash behind the upstream's name: what stands before it is taken away.
_NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/errors.log warn;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    proxy_set_header Host $http_host;
    server {{
        listen 127.0.0.1:{keeping};
        location /runbell/ {{ proxy_pass http://127.0.0.1:{runbell}; }}
    }}
    server {{
        listen 127.0.0.1:{stripping};
        location /runbell/ {{ proxy_pass http://127.0.0.1:{runbell}/; }}
    }}
}}
"""


@pytest.fixture(scope="module")
def by_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Runbell]]:
    folder = tmp_path_factory.mktemp("prefix")
    keeping, stripping = free_port(), free_port()
    address = f"http://127.0.0.1:{keeping}{PREFIX}"
    with running(folder, RUNBELL_URL=address) as runbell:
        config = folder / "nginx.conf"
        port = runbell.url.rpartition(":")[2]
        config.write_text(_NGINX.format(folder=folder, keeping=keeping, stripping=stripping, runbell=port))
        with _nginx(config):
            wait_until(lambda: _listens(keeping) and _listens(stripping), 20, "nginx")
            yield {
                "kept": replace(runbell, url=address),
                "stripped": replace(runbell, url=f"http://127.0.0.1:{stripping}{PREFIX}"),
            }


@pytest.mark.parametrize("way", ["kept", "stripped"])
def test_the_unchanged_sdk_works_under_a_path(by_proxy: dict[str, Runbell], way: str, tmp_path: Path) -> None:
    runbell = replace(by_proxy[way], folder=tmp_path)
    done = runbell.script(
        """
        import wandb
        run = wandb.init(entity="acme", project="prefix", id=os.environ["WAY"], config={"lr": 0.1})
        for step in range(5):
            run.log({"loss": step})
        open("notes.txt", "w").write("hello")
        run.save("notes.txt")
        artifact = wandb.Artifact("weights-" + os.environ["WAY"], "model")
        with artifact.new_file("a.txt") as file:
            file.write("w" * 1000)
        run.log_artifact(artifact).wait()
        run.finish()
        api = wandb.Api()
        found = api.run("acme/prefix/" + os.environ["WAY"])
        fetched = api.artifact("acme/prefix/weights-" + os.environ["WAY"] + ":v0").download()
        say([run.url, found.url, found.state, found.summary["loss"], open(fetched + "/a.txt").read() == "w" * 1000])
        """,
        WAY=way,
    )

    assert done.exit_code == 0, done.printed
    page = f"{runbell.url}/acme/prefix/runs/{way}"
    assert done.said == [page, page, "finished", 4, True]
    assert [row["loss"] for row in runbell.rows(way, "prefix")] == [0, 1, 2, 3, 4]
    assert {"notes.txt", "config.yaml"} <= set(runbell.files(way))
    assert page in done.printed


@pytest.mark.parametrize("way", ["kept", "stripped"])
def test_a_person_signs_in_under_a_path(by_proxy: dict[str, Runbell], way: str) -> None:
    address = by_proxy[way].url
    with requests.Session() as browser:
        page = browser.get(f"{address}/acme", timeout=60)
        assert page.url == f"{address}/sign-in?next={PREFIX}/acme"
        token = page.text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        form = {"username": "alice", "password": "alice-password", "csrfmiddlewaretoken": token}
        team = browser.post(page.url, {**form, "next": f"{PREFIX}/acme"}, timeout=60)

        assert (team.url, team.status_code) == (f"{address}/acme", 200)
        assert {cookie.path for cookie in browser.cookies} == {PREFIX}
        loaded = re.findall(r'(?:src|href)="([^"]+\.(?:js|css|svg))"', team.text)
        assert loaded
        origin = address.removesuffix(PREFIX)
        assert {browser.get(f"{origin}{path}", timeout=60).status_code for path in loaded} == {200}
        assert browser.get(f"{address}/favicon.ico", timeout=60).url == f"{address}/static/favicon.svg"
        assert f'"{PREFIX}/static/favicon.svg"' in browser.get(f"{address}/api/v1/docs", timeout=60).text


@contextmanager
def _nginx(config: Path) -> Iterator[None]:
    process = subprocess.Popen(
        ["nginx", "-p", str(config.parent), "-c", str(config), "-e", str(config.with_suffix(".errors"))],
        start_new_session=True,
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
