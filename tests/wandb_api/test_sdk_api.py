"""What `wandb.Api()` reads, against a Runbell that really runs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wandb_api.sdk import Runbell

pytestmark = pytest.mark.processes


def said(runbell: Runbell, code: str) -> Any:
    done = runbell.script(code)
    assert done.exit_code == 0, done.printed
    return done.said


def test_runs_are_listed_filtered_ordered_and_paged(runbell: Runbell) -> None:
    found = said(
        runbell,
        """
        import wandb
        for number, lr in enumerate((0.1, 0.3, 0.2)):
            with wandb.init(entity="acme", project="lists", id=f"r{number}", name=f"run-{number}",
                            group=f"g{number % 2}", tags=[f"t{number}"],
                            config={"lr": lr, "net": {"depth": number}}) as run:
                run.log({"loss": 10 - number})
        try:
            with wandb.init(entity="acme", project="lists", id="bad", name="run-bad"):
                raise RuntimeError
        except RuntimeError:
            pass
        api = wandb.Api()
        def runs(**filters):
            more = {"order": filters.pop("order", "+created_at")}
            return [run.id for run in api.runs("acme/lists", filters, **more)]
        say({
            "projects": "lists" in [project.name for project in api.projects("acme")],
            "all": runs(), "newest": runs(order="-created_at"),
            "state": runs(state="failed"), "group": runs(group="g0"), "tag": runs(tags={"$in": ["t1", "t2"]}),
            "config": runs(**{"config.lr": {"$gt": 0.15}}), "nested": runs(**{"config.net.depth": 2}),
            "metric": runs(**{"summary_metrics.loss": {"$lte": 9}}),
            "name": runs(display_name={"$regex": "^run-[12]$"}),
            "or": runs(**{"$or": [{"name": "r0"}, {"state": "failed"}]}),
            "by loss": runs(order="+summary_metrics.loss"), "by lr": runs(order="-config.lr"),
            "paged": [run.id for run in api.runs("acme/lists", per_page=1, order="+created_at")],
            "count": len(api.runs("acme/lists", {"state": "finished"})),
            "one": [api.run("acme/lists/r1").config, api.run("acme/lists/r1").summary["loss"]],
        })
        """,
    )
    assert found == {
        "projects": True, "all": ["r0", "r1", "r2", "bad"], "newest": ["bad", "r2", "r1", "r0"],
        "state": ["bad"], "group": ["r0", "r2"], "tag": ["r1", "r2"], "config": ["r1", "r2"], "nested": ["r2"],
        "metric": ["r1", "r2"], "name": ["r1", "r2"], "or": ["r0", "bad"],
        "by loss": ["r2", "r1", "r0", "bad"], "by lr": ["r1", "r2", "r0", "bad"],
        "paged": ["r0", "r1", "r2", "bad"], "count": 3, "one": [{"lr": 0.3, "net": {"depth": 1}}, 9],
    }  # fmt: skip


def test_histories_and_files_are_read_whole_and_in_parts(runbell: Runbell) -> None:
    found = said(
        runbell,
        """
        import wandb
        with wandb.init(entity="acme", project="lists", id="long") as run:
            for step in range(300):
                run.log({"loss": step, **({"rare": step} if step % 100 == 0 else {})})
            print("printed"); print("odd", file=sys.stderr)
        run = wandb.Api().run("acme/lists/long")
        say({
            "sampled": [row["loss"] for row in run.history(samples=4, pandas=False)],
            "keys": run.history(keys=["loss", "rare"], pandas=False),
            "scan": [row["loss"] for row in run.scan_history(page_size=70)] == list(range(300)),
            "scan keys": [row["rare"] for row in run.scan_history(keys=["rare"], page_size=90)],
            "scan all keys": [row["loss"] for row in run.scan_history(keys=["loss"], page_size=90, use_cache=False)]
                             == list(range(300)),
            "part": [row["loss"] for row in run.scan_history(min_step=290, max_step=293)],
            "files": sorted(file.name for file in run.files()),
            "like": [file.name for file in run.files(pattern="%.yaml")],
            "config": "cli_version" in run.file("config.yaml").download(root="dl").read(),
            "printed": [(line.level, line.content, line.timestamp is not None) for line in run.console_logs(per_page=1)
                        if line.content in ("printed", "odd")],
            "last": [line.content for line in run.console_logs(last=1)] == [list(run.console_logs())[-1].content],
            "system": len(run.history(stream="events", pandas=False)) >= 0,
        })
        """,
    )
    assert found == {
        "sampled": [0, 99, 199, 299],
        "keys": [{"_step": step, "loss": step, "rare": step} for step in (0, 100, 200)],
        "scan": True, "scan keys": [0, 100, 200], "scan all keys": True, "part": [290, 291, 292],
        "files": ["config.yaml", "output.log", "requirements.txt", "wandb-metadata.json", "wandb-summary.json"],
        "like": ["config.yaml"], "config": True, "system": True,
        "printed": [["", "printed", True], ["error", "odd", True]], "last": True,
    }  # fmt: skip


def test_runs_are_made_to_wait_and_deleted_with_what_they_made(runbell: Runbell) -> None:
    found = said(
        runbell,
        """
        import pathlib, wandb
        from wandb.apis.public import Run
        api = wandb.Api()
        waiting = Run.create(api, "waits", "endings", "acme", state="pending")
        states = [waiting.state, api.run("acme/endings/waits").state]
        pathlib.Path("x.txt").write_text("x")
        with wandb.init(entity="acme", project="endings", id="waits", resume="allow") as run:
            made = wandb.Artifact("gone", type="model")
            made.add_file("x.txt")
            run.log_artifact(made).wait()
        # One that asked before keeps what it was told.
        again = wandb.Api().run("acme/endings/waits")
        again.upload_file("x.txt")
        before = [file.name for file in again.files() if file.name == "x.txt"]
        again.file("x.txt").delete()
        after = [file.name for file in again.files() if file.name == "x.txt"]
        again.delete(delete_artifacts=True)
        say({"states": [*states, again.state], "files": [before, after],
             "owner": api.project("endings", "acme").owner.name,
             "left": [len(api.runs("acme/endings")), api.artifact_exists("acme/endings/gone:v0")]})
        """,
    )
    assert found == {
        "states": ["pending", "pending", "finished"],
        "files": [["x.txt"], []],
        "owner": "nobody",
        "left": [0, False],
    }


def test_registries_are_made_listed_changed_and_deleted(runbell: Runbell) -> None:
    found = said(
        runbell,
        """
        import wandb
        api = wandb.Api()
        made = api.create_registry("fresh", "restricted", organization="research", description="New",
                                   artifact_types=["model"])
        taken = ""
        try:
            api.create_registry("fresh", "organization", organization="research")
        except ValueError as error:
            taken = str(error)
        first = [made.name, made.visibility, made.description, list(made.artifact_types)]
        made.description = "Changed"; made.visibility = "organization"
        made.artifact_types.append("dataset"); made.save()
        made.add_members(api.user("bob"), api.team("acme"))
        made.update_member(api.user("bob"), "admin")
        members = [m.user.name for m in made.user_members()] + [m.team.name for m in made.team_members()]
        roles = [str(getattr(m.role, "value", m.role)) for m in made.members()]
        made.remove_members(api.user("bob"))
        left = len(made.members())
        made.name = "renamed"; made.save()
        again = api.registry("renamed", "research")
        state = [again.description, again.visibility, sorted(again.artifact_types)]
        names = sorted(one.name for one in api.registries("research"))
        found = [one.name for one in api.registries("research", filter={"name": {"$regex": "named$"}})]
        again.delete()
        say({"first": first, "taken": bool(taken), "members": members, "roles": roles, "left": left,
             "state": state, "names": names,
             "found": found, "after": sorted(one.name for one in api.registries("research")),
             "organization": api.organization("research").name,
             "team": sorted(m.username for m in api.team("acme").members)})
        """,
    )
    assert found["first"] == ["fresh", "restricted", "New", ["model"]]
    assert found["taken"] is True
    assert found["state"] == ["Changed", "organization", ["dataset", "model"]]
    assert (found["names"], found["found"], found["after"]) == (["models", "renamed"], ["renamed"], ["models"])
    assert (found["members"], found["roles"]) == (["alice", "bob", "acme"], ["admin", "admin", "viewer"])
    assert (found["left"], found["organization"], found["team"]) == (2, "research", ["alice", "bob", "vera"])


def test_people_teams_keys_and_wide_names(runbell: Runbell) -> None:
    found = said(
        runbell,
        """
        import wandb
        api = wandb.Api()
        team = api.create_team("vision")
        service = team.create_service_account("Nightly CI")
        invited = [team.invite("bob", admin=True), team.invite("bob"), team.invite("nobody")]
        left = next(one for one in team.load(force=True)["members"] if one.username == "bob").delete()
        refused = ""
        try:
            api.team("nope")
        except Exception as error:
            refused = f"{type(error).__name__} {error}"
        me = api.viewer
        key = me.generate_api_key("laptop")
        fresh = wandb.Api(api_key=key)
        name = next(name for name in fresh.viewer.api_keys if key.startswith(name))
        deleted = fresh.viewer.delete_api_key(name)
        os.environ["WANDB_API_KEY"] = service.api_key
        wandb.login(key=service.api_key, host=os.environ["WANDB_BASE_URL"])
        with wandb.init(project="wide (old)", id="lr=0.1 half") as run:
            run.log({" loss ": 0.5})
        runs = wandb.Api(api_key=service.api_key).runs(
            "vision/wide (old)", {"duration": {"$gte": 0}, "host": {"$regex": "."}}, order="-summary_metrics[' loss ']"
        )
        say({"members": [(one.name, one.account_type) for one in team.members], "invited": invited, "left": left,
             "refused": refused, "deleted": deleted, "colleague": api.user("bob").username,
             "runs": [one.id for one in runs],
             "rows": [row[" loss "] for one in runs for row in one.scan_history()]})
        """,
    )
    assert [kind for _name, kind in found["members"]] == ["MEMBER", "SERVICE", "MEMBER"]
    assert (found["invited"], found["left"], found["deleted"]) == ([True, False, False], True, True)
    assert "There is no team 'nope' here" in found["refused"] and "KeyError" not in found["refused"]
    assert (found["colleague"], found["runs"], found["rows"]) == ("bob", ["lr=0.1 half"], [0.5])
