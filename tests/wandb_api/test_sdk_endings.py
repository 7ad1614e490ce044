"""How runs of the unchanged SDK end: by themselves, by their script's fault, by a signal, by silence, by a person."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.processes import wait_until
from tests.wandb_api.hook import Hook
from tests.wandb_api.sdk import NEWEST, PATIENCE, VERSIONS, Runbell, finish, running

pytestmark = pytest.mark.processes

ENDINGS = {
    "returns": ("pass", "finished", 0),
    "raises": ("raise RuntimeError('boom')", "failed", 1),
    "exits": ("sys.exit(3)", "failed", 3),
    "says-its-code": ("run.finish(exit_code=7)", "failed", 7),
    "interrupted": ("os.kill(os.getpid(), signal.SIGINT); time.sleep(20)", "failed", 255),
}


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as server:
        yield server
        server.shutdown()


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_run_ends_as_its_script_does(runbell: Runbell, ending: str) -> None:
    code, state, exit_code = ENDINGS[ending]
    runbell.script(
        f"""
        import signal, time, wandb
        run = wandb.init(entity="acme", project="mnist", id="{ending}")
        run.log({{"loss": 1}})
        {code}
        """
    )
    run = runbell.run(ending)
    assert (run["state"], run["exit_code"], run["rows_logged"]) == (state, exit_code, 1)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_script_that_is_killed_has_crashed_once_it_is_silent_and_comes_back_when_it_is_not(
    tmp_path: Path, number: signal.Signals
) -> None:
    with running(tmp_path, RUNBELL_HEARTBEAT_SECONDS="3") as runbell:
        runbell.script(
            f"""
            import time, wandb
            run = wandb.init(entity="acme", project="mnist", id="killed")
            run.log({{"loss": 1}})
            time.sleep(2)
            os.kill(os.getpid(), {int(number)})
            """
        )
        runbell.wait_for_state("killed", "crashed")
        runbell.request("POST", "projects/acme/mnist/runs/killed/heartbeat", body={})
        assert runbell.run("killed")["state"] == "running"


def test_a_run_that_is_preempted_has_not_failed_and_goes_on_when_it_is_resumed(runbell: Runbell, hook: Hook) -> None:
    watched = [{"type": "run_state", "states": ["failed", "preempted", "finished"]}]
    automate(runbell, hook, "preempted", event="RUN_STATE", conditions=watched, cooldown_seconds=0)
    script = """
        import wandb
        run = wandb.init(entity="acme", project="preempted", id="p1", resume="allow")
        run.log({"loss": 1})
        if not run.resumed:
            run.mark_preempting()
            sys.exit(3)
        """
    runbell.script(script)
    run = runbell.run("p1", "preempted")
    assert (run["state"], run["exit_code"], run["rows_logged"]) == ("preempted", 3, 1)
    runbell.script(script)
    run = runbell.run("p1", "preempted")
    assert (run["state"], run["exit_code"], run["rows_logged"]) == ("finished", 0, 2)
    wait_until(lambda: len(hook.arrived) == 2, PATIENCE, "two calls")
    assert [body["status"] for _at, body in hook.arrived] == ["preempted", "finished"]


def test_a_run_that_is_stopped_here_stops_its_script_and_is_killed(runbell: Runbell) -> None:
    process = runbell.start(
        """
        import time, wandb
        run = wandb.init(entity="acme", project="mnist", id="stopped",
                         settings=wandb.Settings(x_file_stream_transmit_interval=0.5))
        for step in range(600):
            run.log({"loss": step})
            time.sleep(0.1)
        """
    )
    wait_until(lambda: "stopped" in names(runbell) and runbell.run("stopped")["rows_logged"], PATIENCE, "rows")
    runbell.request("POST", "projects/acme/mnist/runs/stopped/stop", body={})
    done = finish(process)
    assert "KeyboardInterrupt" in done.printed
    run = runbell.run("stopped")
    assert (run["state"], run["exit_code"]) == ("killed", 255)
    assert run["rows_logged"] < 600


def test_a_script_of_any_version_with_a_nan_loss_is_stopped_by_an_automation(runbell: Runbell) -> None:
    """At the SDK's own intervals of 15 s; the versions beside each other, as each waits most of the time."""
    nan = {
        "type": "metric_threshold",
        "metric": "loss",
        "aggregation": "latest",
        "comparison": "not_finite",
        "window": 1,
    }
    automation = {
        "name": "stop", "scope": {"type": "project", "name": "acme/mnist"}, "event": "RUN_METRIC", "conditions": [nan],
        "action": {"type": "stop_run"},
    }  # fmt: skip
    runbell.request("POST", "automations", body=automation)
    versions = ("0.25", "0.28", NEWEST)
    started = [
        replace(runbell, sdk=VERSIONS[version]).start(
            """
            import time, wandb
            run = wandb.init(entity="acme", project="mnist", id="nan-" + os.environ["VERSION"])
            for step in range(600):
                run.log({"loss": 1.0 if step < 20 else float("nan")})
                time.sleep(0.1)
            """,
            VERSION=version,
        )
        for version in versions
    ]
    for version, process in zip(versions, started, strict=True):
        done = finish(process)
        assert "KeyboardInterrupt" in done.printed, f"{version}: {done.printed}"
        run = runbell.run(f"nan-{version}")
        assert (run["state"], run["exit_code"]) == ("killed", 255)
        assert run["rows_logged"] < 450


def test_a_script_that_fails_reaches_a_webhook(runbell: Runbell, hook: Hook) -> None:
    automate(runbell, hook, "failing", event="RUN_STATE", conditions=[{"type": "run_state", "states": ["failed"]}])
    runbell.script(
        """
        import wandb
        run = wandb.init(entity="acme", project="failing", id="f1", name="will-fail")
        run.log({"loss": 1})
        raise RuntimeError("boom")
        """
    )
    wait_until(lambda: hook.arrived, PATIENCE, "the webhook is called")
    ((_at, body),) = hook.arrived
    assert (body["event"], body["run"], body["status"]) == ("RUN_STATE", "will-fail", "failed")


def test_a_metric_over_a_line_reaches_a_webhook_soon_after_it_arrives_here(runbell: Runbell, hook: Hook) -> None:
    line = {"type": "metric_threshold", "metric": "loss", "aggregation": "latest", "comparison": "gt", "threshold": 5}
    automate(runbell, hook, "lines", event="RUN_METRIC", conditions=[line])
    done = runbell.script(
        """
        import time, wandb
        said = []
        for number in range(3):
            run = wandb.init(entity="acme", project="lines", id=f"l{number}", name=f"line-{number}",
                             settings=wandb.Settings(x_file_stream_transmit_interval=1))
            run.log({"loss": 1})
            time.sleep(1.5)
            said.append(time.time())
            run.log({"loss": 9})
            time.sleep(2)
            run.finish()
        say(said)
        """
    )
    assert done.exit_code == 0, done.printed
    wait_until(lambda: len(hook.arrived) == 3, PATIENCE, "three calls")
    after_logging, after_arriving = [], []
    for number, logged_at in enumerate(done.said):
        ((at, body),) = hook.about(f"line-{number}")
        assert body["value"] == 9
        after_logging.append(at - logged_at)
        after_arriving.append(at - runbell.crossed_at(f"l{number}"))
    # The best of three: a machine that is busy with other things shall not fail this.
    assert min(after_arriving) < 1.0, (after_logging, after_arriving)
    assert min(after_logging) < 16.0


def test_with_the_sdks_own_settings_a_metric_over_a_line_is_told_while_the_script_goes_on(
    runbell: Runbell, hook: Hook
) -> None:
    line = {"type": "metric_threshold", "metric": "loss", "aggregation": "latest", "comparison": "gt", "threshold": 5}
    automate(runbell, hook, "going-on", event="RUN_METRIC", conditions=[line])
    process = runbell.start(
        """
        import time, wandb
        run = wandb.init(entity="acme", project="going-on", id="going-on")
        run.log({"loss": 1})
        time.sleep(3)
        say(time.time())
        run.log({"loss": 9})
        time.sleep(600)
        """
    )
    try:
        wait_until(lambda: hook.arrived or process.poll() is not None, PATIENCE, "a call, or the script's end")
        assert process.poll() is None
    finally:
        os.killpg(process.pid, signal.SIGKILL)
    ((at, body),) = hook.arrived
    assert body["value"] == 9
    # The SDK posts each 15 s; it and its script have a second beside that, and Runbell another.
    assert at - finish(process).said < 15.0 + 1.0 + 1.0


def names(runbell: Runbell) -> list[str]:
    return [run["name"] for run in runbell.ask_rest("projects/acme/mnist/runs")["results"]]


def automate(runbell: Runbell, hook: Hook, project: str, **automation: object) -> None:
    runbell.ask_rest("projects/acme", name=project)
    runbell.ask_rest("teams/acme/integrations/webhook", name=project, url=hook.url)
    runbell.ask_rest(
        "automations",
        name=project,
        scope={"type": "project", "name": f"acme/{project}"},
        action={"type": "send_webhook", "webhook": project},
        **automation,
    )
