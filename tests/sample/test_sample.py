"""What a new Runbell shows: laid out by the services, and gone by one click."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from artifacts.models import Alias, Registry, Version
from automations.models import Attempt, Automation, Execution
from events.models import Event
from integrations.webhook.models import Webhook
from operations import first_start
from projects.models import HistoryChunk, Project, Run
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import RunDetails, start_run
from sample import first_steps, services
from sample.curves import history
from sample.runs import CURVE_PLANS
from teams.accounts.api_key import create_key
from teams.models import Membership, Role, Team, User


@pytest.fixture
def team(db: None, tmp_path: Path) -> Team:
    """The first team of a new Runbell, with its sample."""
    first_start.prepare(tmp_path)
    services.create_where_wanted()
    return Team.objects.get()


@pytest.fixture
def admin(team: Team) -> Client:
    # As after the first sign-in, which asks for a password of one's own.
    User.objects.update(must_change_password=False)
    client = Client()
    client.force_login(User.objects.get())
    return client


def test_runs_end_in_every_way(team: Team) -> None:
    states = sorted(Run.objects.values_list("state", flat=True))
    assert states == ["crashed", "failed", "failed", *["finished"] * 6]
    assert {run.user for run in Run.objects.all()} == {User.objects.get()}


def test_a_run_that_diverges_logs_nan(team: Team) -> None:
    lost = Run.objects.get(display_name="lr-3e-2")
    assert lost.state == "failed"
    assert str(lost.summary["train/loss"]) == "nan"


def test_the_page_of_one_that_failed_says_why(admin: Client) -> None:
    said = {
        run.display_name: admin.get(run.get_absolute_url()).context["ending"].cause
        for run in Run.objects.filter(state="failed")
    }
    assert said["lr-3e-2"] == "FloatingPointError: the loss is nan at step 143"
    assert "Killed" in said["prod-nightly"]


def test_automations_fired_failed_and_were_skipped(team: Team) -> None:
    assert set(Execution.objects.values_list("state", flat=True)) == {"delivered", "failed", "suppressed"}
    fired = Execution.objects.filter(automation__name="Loss is NaN", state="delivered")
    assert [execution.subject_label for execution in fired] == ["lr-3e-2"]
    assert Attempt.objects.filter(ok=True).exists() and Attempt.objects.filter(ok=False).exists()


def test_nothing_of_it_is_left_to_do_for_the_engine(team: Team) -> None:
    assert not Execution.objects.filter(state="pending").exists()
    assert not Event.objects.filter(processed_at=None).exists()


def test_production_is_the_newer_of_the_linked_versions(team: Team) -> None:
    registry = Registry.objects.get()
    production = Alias.objects.get(collection__registry=registry, name="production")
    assert str(production.entry.version.run) == "prod-candidate"


def test_everything_happened_before_now_and_in_order(team: Team) -> None:
    now = timezone.now()
    for run in Run.objects.all():
        assert run.created_at < run.finished_at <= now  # type: ignore[operator]
    assert not Execution.objects.filter(created_at__gt=now).exists()
    assert not Version.objects.filter(created_at__gt=now).exists()


def test_what_holds_it_is_older_than_all_that_happened_in_it(team: Team) -> None:
    project, registry = Project.objects.get(name="digits"), Registry.objects.get()
    homes = [project, registry, *project.collections.all(), *registry.collections.all()]
    assert len(homes) == 5
    first = min(
        *Run.objects.values_list("created_at", flat=True), *Automation.objects.values_list("created_at", flat=True)
    )
    assert max(home.created_at for home in homes) < first


def test_histories_are_the_same_each_time() -> None:
    assert repr(history(CURVE_PLANS[3], 1e9)) == repr(history(CURVE_PLANS[3], 1e9))


def test_it_is_laid_out_once(team: Team) -> None:
    services.create_where_wanted()
    assert Project.objects.filter(name="digits").count() == 1


def test_it_is_quick(db: None, tmp_path: Path) -> None:
    first_start.prepare(tmp_path)
    begun = time.monotonic()
    services.create_where_wanted()
    # A second on a quiet machine; this bound only catches what grew out of all proportion.
    assert time.monotonic() - begun < 20


def test_what_fails_leaves_a_team_without_a_sample(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first_start.prepare(tmp_path)
    monkeypatch.setattr("sample.versions.link_versions", lambda *_: 1 / 0)
    services.create_where_wanted()
    assert list(Project.objects.values_list("name", flat=True)) == ["playground"]
    assert "wanted" not in Team.objects.get().sample


def test_one_click_removes_all_of_it_and_nothing_else(admin: Client, team: Team) -> None:
    kept = start_run(Project.objects.get(name="playground"), "mine", RunDetails(), user=User.objects.get()).run
    assert "Remove the sample?" in admin.get("/demo/sample").content.decode()
    answer = admin.post("/demo/sample")
    assert answer["Location"] == "/demo"
    assert list(Project.objects.values_list("name", flat=True)) == ["playground"]
    assert list(Run.objects.all()) == [kept]
    for model in (Registry, Webhook, Automation, Execution, Version, HistoryChunk):
        assert not model._default_manager.exists(), model
    assert admin.get("/demo/sample").status_code == 404


def test_only_an_admin_removes_it(admin: Client, team: Team) -> None:
    bob = User.objects.create_user("bob")
    Membership.objects.create(team=team, user=bob, role=Role.MEMBER)
    client = Client()
    client.force_login(bob)
    assert client.post("/demo/sample").status_code == 403
    assert Project.objects.filter(name="digits").exists()


def done(team: Team) -> list[bool]:
    return [step.is_done for step in first_steps.steps_of(team, User.objects.get())]


def test_steps_are_done_by_doing_them_and_not_by_the_sample(team: Team) -> None:
    assert done(team) == [False] * 5
    user = User.objects.get()
    create_key(user, "laptop")
    assert done(team) == [True, False, False, False, False]
    run = start_run(Project.objects.get(name="playground"), "mine", RunDetails(), user=user).run
    ingest_rows(run, 0, [{"loss": 1.0}])
    Webhook.objects.create(team=team, name="mine", url="https://hooks.example.test/")
    assert done(team) == [True, True, True, False, False]


def test_steps_are_shown_until_they_are_hidden(admin: Client, team: Team) -> None:
    assert "First steps" in admin.get("/demo").content.decode()
    admin.post("/demo/first-steps/hide")
    assert "First steps" not in admin.get("/demo").content.decode()
