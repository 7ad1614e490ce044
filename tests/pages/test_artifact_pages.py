"""Collections and versions as pages, in projects and in registries."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from artifacts.models import Entry, Visibility
from artifacts.services import create_version, get_or_create_collection
from automations.models import Execution
from events.models import Event
from registries.services import create_registry, link, set_role_of_user
from teams.models import AuditEvent
from tests.pages.people import PROJECT, bell, text
from tests.world import World

MODEL = f"{PROJECT}/artifacts/model/my model".replace(" ", "%20")


@pytest.fixture
def entry(world: World) -> Entry:
    made, _created = get_or_create_collection(world.project, "my model", "model")
    metadata = {"accuracy": 0.97, "data": {"rows": 10}}
    return create_version(made, "d0", metadata, aliases=["best"], tags=["old"], run=world.run()).entry


@pytest.fixture
def registry(world: World) -> Any:
    found = create_registry(world.team.organization, "models", visibility=Visibility.RESTRICTED)
    set_role_of_user(found, "bob", "member")
    set_role_of_user(found, "vera", "viewer")
    set_role_of_user(found, "alice", "admin")
    return found


def queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


def test_the_address_that_the_sdk_prints_is_the_page(bob: Client, entry: Entry) -> None:
    assert entry.get_absolute_url() == f"{MODEL}/v0"
    page = text(bob.get(f"{MODEL}/v0"))
    for part in ("0.97", "best", "old", "acme/mnist/my model:v0", "run1", "rows"):
        assert part in page
    assert bob.get(f"{MODEL}/best").context["entry"] == entry
    assert bob.get(f"{PROJECT}/collections/my%20model/v0")["Location"] == f"{MODEL}/v0"
    assert bob.get(f"{MODEL}/v7").status_code == 404


def test_a_member_adds_and_removes_aliases_and_tags(bob: Client, entry: Entry) -> None:
    for sent in ({"mark": "alias", "add": "prod"}, {"mark": "tag", "add": "new"}, {"mark": "tag", "remove": "old"}):
        assert bob.post(f"{MODEL}/v0", sent)["Location"] == f"{MODEL}/v0"
    bob.post(f"{MODEL}/v0", {"mark": "alias", "remove": "best"})
    entry = Entry.objects.get()
    assert (entry.alias_names, entry.tag_names) == (["latest", "prod"], ["new"])
    assert Event.objects.filter(kind="artifact.alias_added", actor="bob").count() == 1


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"mark": "alias", "add": "a/b"}, "is no usable alias"),
        ({"mark": "alias", "add": "v3"}, "is how versions are numbered"),
        ({"mark": "alias", "remove": "latest"}, "stays on the newest version"),
        ({"mark": "tag", "add": "  "}, "Write a tag first"),
        ({"mark": "nonsense", "add": "x"}, "Say whether it is an alias or a tag"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_changes_nothing(
    bob: Client, entry: Entry, sent: dict[str, str], said: str
) -> None:
    page = text(bob.post(f"{MODEL}/v0", sent, follow=True))
    assert said in page
    entry = Entry.objects.get()
    assert (entry.alias_names, entry.tag_names) == (["best", "latest"], ["old"])


def test_a_member_says_what_a_collection_is(bob: Client, vera: Client, entry: Entry, world: World) -> None:
    address = entry.collection.get_absolute_url()
    page = text(bob.post(address, {"description": " What we\r\nship. "}, follow=True))
    entry.collection.refresh_from_db()
    assert entry.collection.description == "What we\nship."
    assert "The description is changed." in page
    assert "What we<br>ship." in page
    told = AuditEvent.objects.get(verb="collection.change")
    assert (told.actor, told.team, told.after) == ("bob", world.team, {"description": "What we\nship."})
    assert "Edit the description" not in text(vera.get(address))
    assert "up to 10,000 characters" in text(bob.post(address, {"description": "x" * 10_001}, follow=True))


def test_a_viewer_is_offered_nothing_and_a_stranger_sees_nothing(vera: Client, charlie: Client, entry: Entry) -> None:
    page = text(vera.get(f"{MODEL}/v0"))
    assert 'name="add"' not in page and "Link to a registry" not in page and "New automation" not in page
    assert vera.post(f"{MODEL}/v0", {"mark": "alias", "add": "x"}).status_code == 403
    assert charlie.get(f"{MODEL}/v0").status_code == 404
    assert Entry.objects.get().alias_names == ["best", "latest"]


def test_a_version_is_linked_into_a_registry_and_unlinked(bob: Client, entry: Entry, registry: Any) -> None:
    sent = {"registry": registry.pk, "collection": "chosen", "aliases": "production, eu"}
    answer = bob.post(f"{MODEL}/v0/link", sent)
    linked = Entry.objects.get(collection__registry=registry)
    assert answer["Location"] == linked.get_absolute_url() == "/registry/research/models/collections/chosen/v0"
    assert linked.alias_names == ["eu", "latest", "production"]
    page = text(bob.get(linked.get_absolute_url()))
    assert f'href="{MODEL}/v0"' in page
    assert linked.get_absolute_url() in text(bob.get(f"{MODEL}/v0"))
    assert "goes from this collection" in text(bob.get(f"{linked.get_absolute_url()}/unlink"))
    bob.post(f"{linked.get_absolute_url()}/unlink")
    assert not Entry.objects.filter(collection__registry=registry).exists()
    assert Entry.objects.get() == entry


def test_only_registries_where_one_is_a_member_are_offered(
    alice: Client, bob: Client, entry: Entry, world: World
) -> None:
    registry = create_registry(world.team.organization, "models")
    assert "You are not a member of any registry" in text(bob.get(f"{MODEL}/v0/link"))
    answer = bob.post(f"{MODEL}/v0/link", {"registry": registry.pk, "collection": "chosen"})
    assert answer.status_code == 422
    assert registry.collections.count() == 0


def test_a_refused_link_keeps_what_was_typed(bob: Client, entry: Entry, registry: Any) -> None:
    page = bob.post(f"{MODEL}/v0/link", {"registry": registry.pk, "collection": "chosen", "aliases": "a/b"})
    assert page.status_code == 422
    assert "is no usable alias" in text(page).split('id="field-aliases"', 1)[1]
    assert 'value="chosen"' in text(page)
    assert registry.collections.count() == 0


def test_what_was_made_in_a_collection_is_not_unlinked_from_it(bob: Client, entry: Entry) -> None:
    assert "was made in this collection" in text(bob.post(f"{MODEL}/v0/unlink", follow=True))
    assert Entry.objects.filter(pk=entry.pk).exists()


def test_an_admin_of_a_registry_says_who_is_in_it(alice: Client, bob: Client, registry: Any) -> None:
    members = "/registry/research/models/members"
    assert "Restricted viewer" not in text(bob.get(members))
    assert 'name="remove"' not in text(bob.get(members))
    assert bob.post(members, {"kind": "person", "name": "vera", "role": "admin"}).status_code == 403
    alice.post(members, {"kind": "team", "name": "acme", "role": "restricted_viewer"})
    assert "Restricted viewer" in text(alice.get(members))
    refused = alice.post(members, {"kind": "person", "name": "nobody", "role": "viewer"})
    assert refused.status_code == 422 and "There is no &#x27;nobody&#x27;" in text(refused)
    alice.post(members, {"remove": registry.members.get(user__username="vera").pk})
    assert not registry.members.filter(user__username="vera").exists()


def test_collections_are_narrowed_by_type_and_name(bob: Client, world: World, entry: Entry) -> None:
    get_or_create_collection(world.project, "digits", "dataset")
    shown = {
        query: [one.name for one in bob.get(f"{PROJECT}/artifacts{query}").context["collections"]]
        for query in ("", "/dataset", "?type=model", "?q=DIG", "?q=zzz")
    }
    assert shown == {
        "": ["digits", "my model"], "/dataset": ["digits"], "?type=model": ["my model"], "?q=DIG": ["digits"],
        "?q=zzz": [],
    }  # fmt: skip
    assert "No collection here is left" in text(bob.get(f"{PROJECT}/artifacts?q=zzz"))


def test_versions_are_found_by_number_alias_and_tag(bob: Client, world: World, entry: Entry) -> None:
    create_version(entry.collection, "d1", tags=["fresh"])
    found = {
        search: [one.index for one in bob.get(f"{MODEL}?q={search}").context["page"].rows]
        for search in ("v0", "BEST", "fresh", "zzz")
    }
    assert found == {"v0": [0], "BEST": [0], "fresh": [1], "zzz": []}


def test_a_list_tells_how_often_each_collection_caused_something(
    bob: Client, charlie: Client, world: World, entry: Entry
) -> None:
    automation = bell(world)
    for url in (MODEL, f"{MODEL}/v0", f"{MODEL}/v12", f"{MODEL}-two/v0", f"{PROJECT}/runs/run1"):
        Execution.objects.create(automation=automation, team=world.team, subject_url=url)
    counts = f"/executions/counts?collections={entry.collection_id}"
    assert counts in text(bob.get(f"{PROJECT}/artifacts"))
    (counted,) = bob.get(counts).context["counted"]
    assert counted == (entry.collection, 3)
    assert charlie.get(counts).context["counted"] == []
    assert bob.get("/executions/counts?collections=x,,99999999999999999999").status_code == 200


def test_pages_of_artifacts_take_as_many_queries_however_much_there_is(
    bob: Client, world: World, entry: Entry, registry: Any
) -> None:
    linked = link(entry.version, registry, "chosen").entry
    link(entry.version, registry, "first")
    pages = (
        f"{PROJECT}/artifacts", MODEL, f"{MODEL}/v0", linked.get_absolute_url(), linked.collection.get_absolute_url(),
        registry.get_absolute_url(), f"{registry.get_absolute_url()}/members",
        f"/executions/counts?collections={entry.collection_id}",
    )  # fmt: skip
    few = {address: queries(bob, address) for address in pages}
    for number in range(30):
        made, _created = get_or_create_collection(world.project, f"other {number}", "model")
        version = create_version(made, "d", tags=["a"], aliases=["b"]).entry.version
        link(version, registry, "chosen", aliases=[f"a{number}"])
        link(version, registry, f"other {number}")
        create_version(entry.collection, f"d{number + 1}", tags=["a"], run=world.run(f"r{number}"))
        link(entry.version, registry, f"again {number}")
    assert {address: queries(bob, address) for address in pages} == few
