"""What holds on every page: what it asks of the database, what it escapes, what it lets a browser do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from django.db import connection
from django.template import engines
from django.test import Client
from django.test.utils import CaptureQueriesContext

from automations.models import Automation
from projects.models import Project, Run
from projects.runs.ingest import ingest_rows
from tests.pages.people import PROJECT, attempt, bell, executions, text
from tests.world import FAILED, World, threshold

HOSTILE = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "x" * 255,
    "\u202egnp.exe تجربة",
    "${run_name} {{ 7*7 }} %s",
]


class Page(HTMLParser):
    """What a browser would find on a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.title = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] == "title" and not self.title:
            self.title = data


def count_queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


@pytest.fixture
def pages(world: World) -> list[str]:
    """Every page there is to read, with hostile names wherever people may choose one."""
    world.webhook("https://hooks.example.test/in")
    for place, name in enumerate(HOSTILE):
        run = world.run(f"run{place}", display_name=name, config={name: name}, tags=[name], group=name[:100])
        ingest_rows(run, 0, [{"_step": 0, name: 1.0, "loss": float("nan")}, {"_step": 1, name: 2.0}])
    automation = world.automation(FAILED, name=HOSTILE[0], description=HOSTILE[1])
    for place, name in enumerate(HOSTILE):
        bell(world, name=f"{place} {name}"[:255], description=name)
    hostile = HOSTILE[0]
    said = dict.fromkeys(["why", "reason", "subject_label"], hostile)
    (execution,) = executions(automation, 1, variables={"a": hostile}, **said)
    attempt(execution, detail=hostile)
    Automation.objects.update(problem=hostile)
    Project.objects.create(team=world.team, name="empty", description=hostile)
    one = f"{PROJECT}/automations/{automation.pk}"
    runs = [f"{PROJECT}/runs/run{place}" for place in range(len(HOSTILE))]
    return [
        "/acme", "/teams", "/automations", "/registry", "/search?q=run", "/profile", "/profile/password",
        "/profile/teams/acme/leave",
        "/authorize", "/acme/integrations", "/acme/integrations/webhook/hook/test", f"{PROJECT}/runs",
        "/acme/empty/runs",
        "/acme/empty/automations", "/acme/empty/history", *runs, f"{runs[0]}/automations", f"{PROJECT}/automations",
        f"{PROJECT}/automations/new", f"{PROJECT}/automations/new?event=RUN_METRIC", one,
        f"/automations/{automation.pk}/edit",
        f"/automations/{automation.pk}/delete", f"/automations/{automation.pk}/explain", "/automations/new",
        "/executions?subject=%22%3E%3Cscript%3E", f"{PROJECT}/history", execution.get_absolute_url(),
        f"{PROJECT}/runs?q=%3Cscript%3Ealert(1)%3C/script%3E", f"{PROJECT}/automations/new?event=%3Cscript%3E",
        f"{PROJECT}/history?state=%22%3E%3Cscript%3E", f"{runs[0]}?metric=%22%3E%3Cscript%3E",
    ]  # fmt: skip


class Unresolved(str):
    """What Django writes for a name that a template asks for and that is not there; keeps which."""

    names: set[str]

    def __contains__(self, key: object) -> bool:
        return key == "%s"

    def __mod__(self, name: object) -> str:
        self.names.add(str(name))
        return ""


@pytest.fixture
def unresolved() -> Iterator[set[str]]:
    """The names that templates ask for in vain from here on."""
    engine = engines["django"].engine  # type: ignore[attr-defined]
    engine.string_if_invalid = recorder = Unresolved("-")
    recorder.names = set()
    yield recorder.names
    engine.string_if_invalid = ""


# Asked of what stands for several kinds of page; empty is right there.
MAY_BE_MISSING = {"run", "searched", "sections.label", "sections.name"}


def test_no_template_asks_for_what_is_not_there(alice: Client, pages: list[str], unresolved: set[str]) -> None:
    for address in pages:
        assert alice.get(address).status_code == 200, address
    assert unresolved == MAY_BE_MISSING


def test_no_page_runs_what_people_typed(alice: Client, pages: list[str]) -> None:
    for address in pages:
        page = Page(text(alice.get(address)))
        scripts = [attributes for tag, attributes in page.tags if tag == "script"]
        # Of ours, by their address; nothing stands in the page itself.
        assert len(scripts) == 2, address
        assert all((one["src"] or "").startswith("/static/build/") for one in scripts), address
        for tag, attributes in page.tags:
            assert tag not in {"img", "style", "iframe"}, address
            assert not [name for name in attributes if name.startswith("on") or name == "style"], address


def test_every_page_is_under_the_policy_and_says_what_it_is(alice: Client, pages: list[str]) -> None:
    titles = []
    for address in pages:
        answer = alice.get(address)
        assert answer.status_code == 200, address
        assert "default-src 'self'" in answer["Content-Security-Policy"], address
        page = Page(text(answer))
        assert page.title.endswith(" · Runbell"), address
        assert sum(tag == "h1" for tag, _ in page.tags) == 1, address
        titles.append(page.title)
    assert f"{HOSTILE[0]} · acme/mnist · Runbell" in titles


def test_every_link_and_form_of_every_page_leads_somewhere(alice: Client, pages: list[str]) -> None:
    found: set[str] = set()
    for address in pages:
        for tag, attributes in Page(text(alice.get(address))).tags:
            target = attributes.get("href") if tag == "a" else attributes.get("hx-get")
            if target and not target.startswith("#"):
                found.add(target if target.startswith("/") else address.partition("?")[0] + target)
    assert len(found) > 40
    broken = {one for one in found if alice.get(one.partition("#")[0], follow=True).status_code != 200}
    assert broken == set()


def test_ids_stand_once_and_labels_name_a_field(alice: Client, pages: list[str]) -> None:
    for address in pages:
        tags = Page(text(alice.get(address))).tags
        ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
        assert len(ids) == len(set(ids)), address
        named = [attributes["for"] for tag, attributes in tags if tag == "label" and "for" in attributes]
        assert set(named) <= set(ids), address


@pytest.mark.parametrize("page", ["runs", "automations", "history"])
def test_a_list_of_twenty_asks_as_often_as_a_list_of_one(page: str, alice: Client, world: World) -> None:
    def more(count: int) -> None:
        for _ in range(count):
            number = Run.objects.count()
            run = world.run(f"r{number}", user="bob")
            ingest_rows(run, 0, [{"loss": 1.0}])
            executions(bell(world, f"bell {number}"), 1, subject_url=run.get_absolute_url())

    more(1)
    with_one = count_queries(alice, f"{PROJECT}/{page}")
    more(19)
    assert count_queries(alice, f"{PROJECT}/{page}") == with_one


@pytest.mark.parametrize("page", ["/acme", "/acme/integrations"])
def test_a_team_of_twenty_asks_as_often_as_a_team_of_one(page: str, alice: Client, world: World) -> None:
    def more(count: int) -> None:
        for _ in range(count):
            number = world.webhooks.count()
            world.webhook("https://hooks.example.test/in", name=f"hook{number}")
            Project.objects.create(team=world.team, name=f"project{number}")
            world.automation(threshold(), name=f"bell{number}", event="RUN_METRIC", action={"webhook": f"hook{number}"})

    more(1)
    with_one = count_queries(alice, page)
    more(19)
    assert count_queries(alice, page) == with_one


def test_an_automation_with_twenty_executions_asks_as_often_as_with_one(alice: Client, world: World) -> None:
    automation = bell(world)
    executions(automation, 1)
    with_one = count_queries(alice, automation.get_absolute_url())
    executions(automation, 19)
    assert count_queries(alice, automation.get_absolute_url()) == with_one


def test_an_address_that_does_not_exist_says_so_in_our_look(alice: Client) -> None:
    answer = alice.get("/acme/mnist/runs/no/such/page")
    assert answer.status_code == 404
    assert "There is no page at" in text(answer)
    assert "build/app" in text(answer)


def test_a_form_without_our_token_is_refused_in_our_look(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.users["bob"])
    answer = client.post("/acme", {"name": "x"})
    assert answer.status_code == 403
    assert "Please send it once more" in text(answer)
    assert not Project.objects.filter(name="x").exists()


def test_an_error_of_ours_says_so_in_our_look(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    alice.raise_request_exception = False

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("projects.views.run_list.run_rows", broken)
    answer = alice.get(f"{PROJECT}/runs")
    assert answer.status_code == 500
    assert "Something broke in Runbell" in text(answer)
    assert not re.search("RuntimeError|Traceback", text(answer))
