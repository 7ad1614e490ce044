"""Every row once, with the unchanged SDK: synced again, by several writers, forked, rewound."""

from __future__ import annotations

import shutil

import pytest

from tests.processes import manage
from tests.wandb_api.sdk import Runbell, finish

pytestmark = pytest.mark.processes

READ = """
import wandb
found = wandb.Api().run(f"acme/rows/{os.environ['ID']}")
rows = list(found.scan_history())
thinned = found.history(samples=10000, pandas=False)
say([[row["_step"] for row in rows], found.state, found.summary.get("loss"), len(thinned)])
"""


def read(runbell: Runbell, name: str) -> list[object]:
    """Give the steps that `scan_history` gives, the state, the last loss, and how many rows `history` gives."""
    done = runbell.script(READ, ID=name)
    assert done.exit_code == 0, done.printed
    return list(done.said)


def states(runbell: Runbell, name: str) -> list[str]:
    return list(runbell.query("states", name))


def test_a_folder_that_is_synced_again_leaves_all_as_it_was(any_sdk: Runbell) -> None:
    name = f"again-{any_sdk.variables['VERSION']}"
    done = any_sdk.script(
        """
        import wandb
        run = wandb.init(entity="acme", project="rows", id=os.environ["ID"], mode="offline")
        for step in range(200):
            run.log({"loss": step})
        print("done")
        run.finish()
        """,
        ID=name,
    )
    assert done.exit_code == 0, done.printed
    (folder,) = (any_sdk.folder / "sdk" / "wandb").glob("offline-run-*")
    for _ in range(2):
        synced = any_sdk.command("sync", "--include-synced", str(folder))
        assert synced.exit_code == 0, synced.printed
    assert read(any_sdk, name) == [list(range(200)), "finished", 199, 200]
    assert states(any_sdk, name) == ["running", "finished"]
    assert len([line for line in any_sdk.output(name) if line.endswith("done")]) == 1


def test_a_folder_that_grows_while_it_is_synced_arrives_whole_and_once(runbell: Runbell) -> None:
    process = runbell.start(
        """
        import time, wandb
        run = wandb.init(entity="acme", project="rows", id="grows", mode="offline")
        for step in range(600):
            run.log({"loss": step})
            if step in (120, 240):
                say(step)
                time.sleep(1)
                open(f"{step}.ready", "w").close()
                while not os.path.exists(f"{step}.synced"):
                    time.sleep(0.1)
        run.finish()
        """
    )
    for step in (120, 240):
        while not (runbell.folder / f"{step}.ready").exists():
            assert process.poll() is None
        (folder,) = (runbell.folder / "sdk" / "wandb").glob("offline-run-*")
        copied = runbell.folder / f"copy-{step}" / folder.name
        shutil.copytree(folder, copied)
        runbell.command("sync", "--include-synced", str(copied))
        (runbell.folder / f"{step}.synced").touch()
    assert finish(process).exit_code == 0
    synced = runbell.command("sync", "--include-synced", str(folder))
    assert synced.exit_code == 0, synced.printed
    assert read(runbell, "grows") == [list(range(600)), "finished", 599, 600]


def test_an_online_run_that_is_synced_too_is_not_doubled(runbell: Runbell) -> None:
    done = runbell.script(
        """
        import wandb
        run = wandb.init(entity="acme", project="rows", id="online")
        for step in range(50):
            run.log({"loss": step})
        run.finish()
        """
    )
    assert done.exit_code == 0, done.printed
    (folder,) = (path for path in (runbell.folder / "sdk" / "wandb").glob("run-*") if path.is_dir())
    synced = runbell.command("sync", "--include-online", "--include-synced", str(folder))
    assert synced.exit_code == 0, synced.printed
    assert read(runbell, "online") == [list(range(50)), "finished", 49, 50]
    assert states(runbell, "online") == ["running", "finished"]


WRITER = """
import os, time, wandb
rank = int(os.environ["RANK"])
shared = wandb.Settings(mode="shared", x_label=f"rank_{rank}", x_primary=rank == 0, x_update_finish_state=rank == 0)
settings = shared if os.environ["ID"].startswith("shared") else None
run = wandb.init(entity="acme", project="rows", id=os.environ["ID"], settings=settings, config={f"rank{rank}": 1})
# They write it together: who begins when others have ended begins the run anew.
here = [f"{os.environ['ID']}-{number}.begun" for number in range(3)]
open(here[rank], "w").close()
while not all(map(os.path.exists, here)):
    time.sleep(0.05)
for step in range(20):
    run.log({f"rank{rank}/loss": step})
    time.sleep(0.05)
if rank:
    time.sleep(3)
run.finish()
"""


@pytest.mark.parametrize("name", ["shared", "plain"])
def test_all_rows_of_three_processes_are_kept(any_sdk: Runbell, name: str) -> None:
    name = f"{name}-{any_sdk.variables['VERSION']}"
    processes = [any_sdk.start(WRITER, RANK=str(rank), ID=name) for rank in range(3)]
    for process in processes:
        done = finish(process)
        assert done.exit_code == 0, done.printed
    steps, state, _loss, _rows = read(any_sdk, name)
    # In shared mode these say no steps: the server counts.
    is_counted = name.startswith("shared") and any_sdk.variables["VERSION"] in ("0.25", "0.28")
    assert (steps, state) == ([*range(60)] if is_counted else sorted([*range(20)] * 3), "finished")
    run = any_sdk.run(name, project="rows")
    assert {f"rank{rank}/loss" for rank in range(3)} <= run["summary"].keys()
    if name.startswith("shared"):
        assert states(any_sdk, name) == ["running", "finished"]
        assert {"rank0", "rank1", "rank2"} <= run["config"].keys()


def test_a_fork_has_the_parents_rows_and_its_own(any_sdk: Runbell) -> None:
    name = f"fork-{any_sdk.variables['VERSION']}"
    done = any_sdk.script(
        """
        import wandb
        first = wandb.init(entity="acme", project="rows")
        for step in range(20):
            first.log({"loss": step, "other": step})
        first.finish()
        second = wandb.init(entity="acme", project="rows", id=os.environ["ID"], fork_from=f"{first.id}?_step=5")
        second.log({"loss": 100})
        second.finish()
        say(first.id)
        """,
        ID=name,
    )
    assert done.exit_code == 0, done.printed
    assert read(any_sdk, name) == [list(range(7)), "finished", 100, 7]
    run = any_sdk.run(name, project="rows")
    assert (run["branch"]["run"], run["summary"]["other"]) == (done.said, 5)


def test_a_fork_of_nothing_is_refused_at_init(runbell: Runbell) -> None:
    done = runbell.script(
        """
        import wandb
        wandb.init(entity="acme", project="rows", fork_from="nobody?_step=5")
        """
    )
    assert done.exit_code != 0
    assert "There is no run 'nobody'" in done.printed


def test_a_run_that_is_rewound_goes_on_from_the_step(any_sdk: Runbell) -> None:
    name = f"rewound-{any_sdk.variables['VERSION']}"
    done = any_sdk.script(
        """
        import wandb
        first = wandb.init(entity="acme", project="rows", id=os.environ["ID"])
        for step in range(20):
            first.log({"loss": step})
        first.finish()
        second = wandb.init(entity="acme", project="rows", resume_from=f"{first.id}?_step=5")
        second.log({"loss": 100})
        second.finish()
        """,
        ID=name,
    )
    assert done.exit_code == 0, done.printed
    assert read(any_sdk, name) == [list(range(7)), "finished", 100, 7]


def test_an_offline_run_that_was_imported_says_nothing_new_when_it_is_synced(runbell: Runbell) -> None:
    done = runbell.script(
        """
        import wandb
        run = wandb.init(entity="acme", project="rows", id="imported", mode="offline")
        for step in range(300):
            run.log({"loss": step, "net": {"a": step / 7}, "lr": 1e-5})
        print("done")
        run.finish()
        """
    )
    assert done.exit_code == 0, done.printed
    (folder,) = (runbell.folder / "sdk" / "wandb").glob("offline-run-*")
    manage(runbell.environment, "import", "wandb", str(folder), "--team", "acme")
    imported = [
        runbell.stored_rows("imported"),
        runbell.rows("imported", "rows", "system"),
        states(runbell, "imported"),
    ]
    synced = runbell.command("sync", str(folder))
    assert synced.exit_code == 0, synced.printed
    assert read(runbell, "imported") == [list(range(300)), "finished", 299, 300]
    again = [runbell.stored_rows("imported"), runbell.rows("imported", "rows", "system"), states(runbell, "imported")]
    assert again == imported
    assert runbell.run("imported", "rows")["differing_rows"] == {}
    assert len([line for line in runbell.output("imported") if line.endswith("done")]) == 1
