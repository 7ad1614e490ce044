"""What scripts with the unchanged SDK log, against a Runbell that really runs."""

from __future__ import annotations

import math

import pytest

from tests.wandb_api.sdk import Runbell

pytestmark = pytest.mark.processes


def test_a_script_logs_and_finishes_with_each_version(any_sdk: Runbell) -> None:
    done = any_sdk.script(
        """
        import wandb
        run = wandb.init(entity="acme", project="versions", id=os.environ["VERSION"], name="my run", group="g",
                         tags=["a", "b"], notes="a note", job_type="train", config={"lr": 0.1, "net": {"depth": 3}})
        for step in range(20):
            run.log({"loss": 1 / (step + 1), "val": {"acc": step}})
        run.summary["best"] = 42
        run.config.update({"late": True})
        print("printed")
        run.finish()
        say(wandb.__version__)
        """
    )
    assert done.exit_code == 0, done.printed
    version = any_sdk.variables["VERSION"]
    assert done.said.startswith(version)
    run = any_sdk.run(version, project="versions")
    assert (run["state"], run["display_name"], run["user"]) == ("finished", "my run", "alice")
    assert (run["group"], run["tags"], run["notes"], run["job_type"]) == ("g", ["a", "b"], "a note", "train")
    assert run["config"] == {"lr": 0.1, "net": {"depth": 3}, "late": True}
    rows = any_sdk.rows(version, project="versions")
    assert [(row["_step"], row["loss"], row["val"]) for row in rows] == [
        (step, 1 / (step + 1), {"acc": step}) for step in range(20)
    ]
    assert (run["summary"]["best"], run["summary"]["loss"]) == (42, 0.05)


def test_resuming_goes_on_where_the_run_stood_with_each_version(any_sdk: Runbell) -> None:
    done = any_sdk.script(
        """
        import wandb
        where = dict(entity="acme", project="resumed", id=os.environ["VERSION"])
        run = wandb.init(**where, config={"lr": 0.1})
        for step in range(10):
            run.log({"loss": step})
        run.finish(exit_code=1)
        run = wandb.init(**where, resume="must")
        steps = [run.starting_step]
        for step in range(10, 15):
            run.log({"loss": step})
        run.finish()
        run = wandb.init(**where, resume="allow")
        steps.append(run.starting_step)
        say([run.resumed, steps, dict(run.config), run.summary["loss"]])
        run.finish()
        """
    )
    assert done.exit_code == 0, done.printed
    assert done.said == [True, [10, 15], {"lr": 0.1}, 14]
    version = any_sdk.variables["VERSION"]
    assert [row["loss"] for row in any_sdk.rows(version, project="resumed")] == list(range(15))
    assert any_sdk.run(version, project="resumed")["state"] == "finished"


def test_a_run_that_may_not_be_resumed_says_so(runbell: Runbell) -> None:
    done = runbell.script(
        """
        import wandb
        wandb.init(entity="acme", project="mnist", id="no-such-run", resume="must")
        """
    )
    assert done.exit_code != 0
    assert "resume" in done.printed
    assert "no-such-run" not in [run["name"] for run in runbell.ask_rest("projects/acme/mnist/runs")["results"]]


def test_a_script_that_begins_anew_under_the_same_id_loses_nothing(runbell: Runbell) -> None:
    done = runbell.script(
        """
        import time, wandb
        for turn in range(2):
            run = wandb.init(entity="acme", project="mnist", id="twice",
                             settings=wandb.Settings(x_stats_sampling_interval=0.2))
            for step in range(3):
                run.log({"loss": 10 * turn + step})
            print("turn", turn)
            # A run that is over before its first look at the system sends none, and that takes a moment.
            time.sleep(2)
            run.finish()
        """
    )
    assert done.exit_code == 0, done.printed
    rows = runbell.rows("twice")
    assert [row["loss"] for row in rows] == [0, 1, 2, 10, 11, 12]
    looks = [row["_timestamp"] for row in runbell.rows("twice", stream="system")]
    assert min(looks) < rows[3]["_timestamp"] < max(looks)
    printed = runbell.output("twice")
    assert [line.partition(" ")[2] for line in printed] == ["turn 0", "turn 1"]


def test_nan_infinity_nested_media_and_text_are_kept_as_they_are(runbell: Runbell) -> None:
    done = runbell.script(
        r"""
        import wandb
        run = wandb.init(entity="acme", project="mnist", id="odd", config={"nan": float("nan"), "text": "ü😀"})
        run.log({"loss": float("nan")})
        run.log({"loss": float("inf"), "net": {"a": {"b": 1}}})
        run.log({"loss": float("-inf"), "text": "half \ud83d of a pair, ü😀", "list": [1, 2]})
        run.log({"histogram": wandb.Histogram([1, 2, 3])})
        run.log({"loss": 1}, step=100)
        run.finish()
        """
    )
    assert done.exit_code == 0, done.printed
    first, second, third, fourth, last = runbell.stored_rows("odd")
    assert math.isnan(first["loss"]) and second["loss"] == math.inf and third["loss"] == -math.inf
    assert second["net"] == {"a": {"b": 1}}
    assert third["text"] in ("half \ufffd of a pair, ü😀", "half \ufffd\ufffd\ufffd of a pair, ü😀")
    assert fourth["histogram"]["_type"] == "histogram"
    assert (last["_step"], last["loss"]) == (100, 1)
    assert runbell.run("odd")["config"] == {"nan": None, "text": "ü😀"}


def test_thousands_of_metrics_in_one_row_arrive(runbell: Runbell) -> None:
    done = runbell.script(
        """
        import wandb
        run = wandb.init(entity="acme", project="mnist", id="wide")
        run.log({f"metric/{number}": number for number in range(5000)})
        run.finish()
        """
    )
    assert done.exit_code == 0, done.printed
    (row,) = runbell.rows("wide")
    assert [row[f"metric/{number}"] for number in range(5000)] == list(range(5000))


def test_thousands_of_rows_arrive_in_order(runbell: Runbell) -> None:
    done = runbell.script(
        """
        import wandb
        run = wandb.init(entity="acme", project="mnist", id="long")
        for step in range(9000):
            run.log({"loss": step})
        run.finish()
        """
    )
    assert done.exit_code == 0, done.printed
    assert [row["loss"] for row in runbell.rows("long")] == list(range(9000))


def test_defined_metrics_have_the_summary_that_was_asked_for(runbell: Runbell) -> None:
    done = runbell.script(
        """
        import wandb
        run = wandb.init(entity="acme", project="mnist", id="defined")
        run.define_metric("epoch")
        run.define_metric("val/*", step_metric="epoch", summary="min")
        for epoch, value in enumerate([3, -5, 1]):
            run.log({"epoch": epoch, "val/x": value})
        run.finish()
        """
    )
    assert done.exit_code == 0, done.printed
    assert runbell.run("defined")["summary"]["val/x"] == {"min": -5}


def test_the_machines_own_metrics_arrive_beside_the_scripts(runbell: Runbell) -> None:
    done = runbell.script(
        """
        import time, wandb
        run = wandb.init(entity="acme", project="mnist", id="machine",
                         settings=wandb.Settings(x_stats_sampling_interval=0.5))
        time.sleep(2)
        run.finish()
        """
    )
    assert done.exit_code == 0, done.printed
    rows = runbell.rows("machine", stream="system")
    assert len(rows) >= 2
    assert all("system.memory_percent" in row for row in rows)
    assert runbell.rows("machine") == []


def test_what_a_script_prints_and_the_names_of_its_files_are_kept(runbell: Runbell) -> None:
    done = runbell.script(
        """
        import sys, wandb
        run = wandb.init(entity="acme", project="mnist", id="printing")
        for line in range(100):
            print("line", line)
        print("something is odd", file=sys.stderr)
        run.finish()
        """
    )
    assert done.exit_code == 0, done.printed
    printed = runbell.output("printing")
    assert [line.partition(" ")[2] for line in printed if " line " in line] == [f"line {n}" for n in range(100)]
    assert any(line.startswith("ERROR ") and line.endswith("something is odd") for line in printed)
    assert {"config.yaml", "wandb-metadata.json", "requirements.txt", "output.log"} <= set(runbell.files("printing"))


def test_an_offline_run_arrives_whole_when_it_is_synced_and_once(runbell: Runbell) -> None:
    done = runbell.script(
        """
        import wandb
        run = wandb.init(entity="acme", project="mnist", id="offline", mode="offline")
        for step in range(500):
            run.log({"loss": step})
        run.finish(exit_code=2)
        """
    )
    assert done.exit_code == 0, done.printed
    (folder,) = (runbell.folder / "sdk" / "wandb").glob("offline-run-*")
    for _ in range(2):
        synced = runbell.command("sync", str(folder))
        assert synced.exit_code == 0, synced.printed
    run = runbell.run("offline")
    assert (run["state"], run["exit_code"], run["rows_logged"]) == ("failed", 2, 500)
    assert [row["loss"] for row in runbell.rows("offline")] == list(range(500))


def test_an_alert_is_told_once_within_its_waiting_time(runbell: Runbell) -> None:
    done = runbell.script(
        """
        import wandb
        run = wandb.init(entity="acme", project="mnist", id="alerting")
        for _ in range(3):
            run.alert("Loss is odd", "It rises", level="WARN", wait_duration=300)
        run.alert("Done", "Nearly")
        run.finish()
        """
    )
    assert done.exit_code == 0, done.printed
    assert [(one["title"], one["text"], one["level"]) for one in runbell.alerts("alerting")] == [
        ("Loss is odd", "It rises", "WARN"),
        ("Done", "Nearly", "INFO"),
    ]


def test_without_a_team_the_first_where_one_may_log_is_meant(runbell: Runbell) -> None:
    done = runbell.script(
        """
        import wandb
        run = wandb.init(id="nowhere")
        say([run.entity, run.project, run.url])
        run.finish()
        """,
        person="bob",
    )
    assert done.exit_code == 0, done.printed
    assert done.said == ["acme", "uncategorized", f"{runbell.url}/acme/uncategorized/runs/nowhere"]


@pytest.mark.parametrize(("person", "said"), [("charlie", "There is no team 'acme' here"), ("vera", "role member")])
def test_who_may_not_log_is_told_so_at_once(runbell: Runbell, person: str, said: str) -> None:
    done = runbell.script(
        """
        import wandb
        wandb.init(entity="acme", project="mnist", id="forbidden")
        """,
        person=person,
    )
    assert done.exit_code != 0
    assert said in done.printed
