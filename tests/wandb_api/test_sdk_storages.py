"""Artifacts of the unchanged SDK where no contents are kept, and where they are kept in S3. The bell rings on Slack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.processes import wait_until
from tests.slack_server import TOKEN, SlackServer
from tests.wandb_api.sdk import PATIENCE, running

pytestmark = pytest.mark.processes

LOG = """
import pathlib, wandb
pathlib.Path("m.txt").write_text("hello")
pathlib.Path("x.bin").write_bytes(bytes(range(256)) * 80_000)
with wandb.init(entity="acme", project="stored", id=ID) as run:
    artifact = wandb.Artifact("model", type="model")
    artifact.add_file("m.txt"); artifact.add_file("x.bin")
    made = run.log_artifact(artifact).wait()
    run.link_artifact(made, "wandb-registry-models/production")
made = wandb.Api().artifact("acme/stored/model:v0")
made.aliases.append("production")
made.save()
"""


def test_where_contents_are_not_kept_all_but_download_works_and_the_bell_rings_on_slack(tmp_path: Path) -> None:
    with (
        SlackServer() as slack,
        running(tmp_path, RUNBELL_ARTIFACT_FILES="off", SLACK_API_URL=slack.api_url) as runbell,
    ):
        workspace = runbell.ask_rest("teams/acme/slack-workspaces", token=TOKEN)["id"]
        runbell.ask_rest("teams/acme/integrations/slack", name="alerts", workspace=workspace, channel_id="C002")
        for name, event, scope, conditions in (
            ("linked", "LINK_MODEL", {"type": "registry", "name": "research/models", "team": "acme"}, []),
            ("promoted", "ADD_ARTIFACT_ALIAS", {"type": "team", "name": "acme"},
             [{"type": "alias", "pattern": "^production$"}]),
        ):  # fmt: skip
            action = {"type": "notify_slack", "channel": "alerts"}
            body = {"name": name, "event": event, "scope": scope, "conditions": conditions}
            runbell.ask_rest("automations", **body, action=action)
        done = runbell.script(
            f"ID = 'off'\n{LOG}\n"
            """
try:
    made.download("here", skip_cache=True)
except Exception as error:
    say([str(error), sorted(file.name for file in made.files()), made.size])
"""
        )
        assert done.exit_code == 0, done.printed
        said, names, size = done.said
        assert "RUNBELL_ARTIFACT_FILES=off" in said or "does not keep the contents" in said
        assert (names, size) == (["m.txt", "x.bin"], 5 + 256 * 80_000)
        wait_until(lambda: len(slack.messages) >= 2, PATIENCE, "two messages")
        assert len(slack.messages) == 2
        assert "production" in str(slack.messages[1])
        kept = [path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]
        assert sum(path.stat().st_size for path in kept) < 10_000


@pytest.fixture
def s3() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_contents_are_kept_in_s3_and_come_back_from_there(tmp_path: Path, s3: str) -> None:
    credentials = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    bucket = boto3.resource("s3", endpoint_url=s3, **credentials).create_bucket(Bucket="weights")
    settings = {
        "ARTIFACT_FILES": "s3://weights/runbell", "S3_ENDPOINT": s3, "S3_REGION": "us-east-1",
        "S3_ACCESS_KEY": "key", "S3_SECRET_KEY": "secret",
    }  # fmt: skip
    with running(tmp_path, **{f"RUNBELL_{name}": value for name, value in settings.items()}) as runbell:
        done = runbell.script(
            f"ID = 's3'\n{LOG}\n"
            """
root = pathlib.Path(made.download("here", skip_cache=True))
whole = (root / "x.bin").read_bytes() == bytes(range(256)) * 80_000
say([(root / "m.txt").read_text(), whole, wandb.Api().run("acme/stored/s3").file("config.yaml").download("dl").name])
"""
        )
        assert done.exit_code == 0, done.printed
        assert done.said == ["hello", True, "dl/config.yaml"]
    sizes = [found.size for found in bucket.objects.all()]
    assert {5, 256 * 80_000} <= set(sizes)
    assert not [path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]
