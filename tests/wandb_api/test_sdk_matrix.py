"""Each version of the SDK that is promised: login, run, offline sync, artifacts, automations, in few processes."""

from __future__ import annotations

import pytest

from tests.wandb_api.sdk import VERSIONS, Runbell, with_sdk

# One server for all of them, so that what one version leaves another must read.
pytestmark = pytest.mark.processes

SCRIPT = """
import pathlib, wandb
from wandb.automations import OnRunMetric, RunEvent, SendWebhook
version = os.environ["VERSION"]
where = dict(entity="acme", project="matrix")
with wandb.init(**where, id=f"online-{version}", config={"lr": 0.1}) as run:
    for step in range(20):
        run.log({"loss": step})
    pathlib.Path("m.txt").write_text(version)
    made = wandb.Artifact("model", type="model", metadata={"by": version})
    made.add_file("m.txt")
    logged = run.log_artifact(made, aliases=[f"of-{version}"]).wait()
with wandb.init(**where, id=f"user-{version}") as run:
    used = run.use_artifact(f"model:of-{version}")
    folder = used.download(root="there")
    content = (pathlib.Path(folder) / "m.txt").read_text()
    run.link_artifact(used, "wandb-registry-models/matrix", aliases=[f"by-{version}"])
api = wandb.Api()
event = OnRunMetric(scope=api.project("matrix", "acme"), filter=RunEvent.metric("loss").avg(3).gt(1))
hook = next(api.webhook_integrations("acme"))
made = api.create_automation(event >> SendWebhook.from_integration(hook), name=version)
after = api.update_automation(made, enabled=False)
names = sorted(one.name for one in api.automations("acme"))
gone = api.delete_automation(after)
with wandb.init(**where, id=f"offline-{version}", mode="offline") as run:
    for step in range(50):
        run.log({"loss": step})
say([wandb.__version__, content, after.enabled, version in names, gone, api.viewer.username,
     len(list(api.run(f"acme/matrix/online-{version}").scan_history()))])
"""


@pytest.fixture(scope="module")
def hooked(shared_runbell: Runbell) -> Runbell:
    shared_runbell.ask_rest("teams/acme/integrations/webhook", name="matrix", url="http://127.0.0.1:9999/hook")
    # Newer than the oldest can read: it is left out of their list, which goes on.
    shared_runbell.ask_rest("projects/acme", name="matrix")
    shared_runbell.ask_rest(
        "automations", name="newer", scope={"type": "project", "name": "acme/matrix"}, event="ADD_ARTIFACT_TAG",
        conditions=[], action={"type": "do_nothing"},
    )  # fmt: skip
    return shared_runbell


@pytest.mark.parametrize("version", VERSIONS)
def test_a_version_logs_in_logs_syncs_and_automates(hooked: Runbell, runbell: Runbell, version: str) -> None:
    chosen = with_sdk(runbell, version)
    key = chosen.keys["alice"]
    login = chosen.command("login", "--relogin", "--host", chosen.url, key, WANDB_API_KEY="")
    assert (login.exit_code, key in (chosen.folder / "sdk" / "netrc").read_text()) == (0, True), login.printed
    # With the key that the login kept.
    done = chosen.script(SCRIPT, WANDB_API_KEY="")
    assert done.exit_code == 0, done.printed
    assert done.said[0].startswith(version)
    assert done.said[1:] == [version, False, True, True, "alice", 20]
    (folder,) = (chosen.folder / "sdk" / "wandb").glob("offline-run-*")
    synced = chosen.command("sync", str(folder))
    assert synced.exit_code == 0, synced.printed
    assert [row["loss"] for row in chosen.rows(f"offline-{version}", "matrix")] == list(range(50))
    states = {name: chosen.run(f"{name}-{version}", "matrix")["state"] for name in ("online", "user", "offline")}
    assert set(states.values()) == {"finished"}, states
    (linked,) = [
        one for one in chosen.ask_rest("registries/research/models/collections/matrix/versions")["results"]
        if f"by-{version}" in one["aliases"]
    ]  # fmt: skip
    assert linked["version"]
