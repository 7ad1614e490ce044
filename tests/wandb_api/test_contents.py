"""Sending and fetching files over HTTP: by signed addresses without a key, or by a key."""

from __future__ import annotations

from base64 import b64encode
from hashlib import md5
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from artifacts.models import Visibility
from artifacts.services import get_or_create_collection
from artifacts.uploads import VersionDraft, announce_manifest, begin_upload, upload_urls
from operations.deletion.deletable import registry
from operations.deletion.scheduling import schedule, undo
from projects.file_storage import signed_links
from projects.file_storage.link_holders import LinkHolder
from projects.models import StoredFile
from projects.runs.files import register_files
from registries.services import create_registry, link, set_role_of_user
from teams.accounts.api_key import close_key
from teams.models import ApiKey, Team, User
from tests.artifacts.sending import sent
from tests.world import World

CONTENT = b"0123456789" * 10
MD5 = md5(CONTENT).hexdigest()


def path_of(address: str) -> str:
    return urlsplit(address).path


def put(address: str, content: bytes = CONTENT, **headers: Any) -> Any:
    return Client().put(path_of(address), content, content_type="application/octet-stream", headers=headers)


def link_to(stored: StoredFile, name: str = "m") -> str:
    return signed_links.download_url(stored, name, by=User.objects.get(username="alice"))


@pytest.fixture
def stored(world: World) -> StoredFile:
    assert put(signed_links.upload_url(world.team, MD5, by=world.users["alice"])).status_code == 200
    return StoredFile.objects.get()


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_what_was_put_is_got(stored: StoredFile) -> None:
    answer = Client().get(path_of(link_to(stored, "sub/m.txt")))
    assert (answer.status_code, body(answer)) == (200, CONTENT)
    assert answer["Content-Disposition"] == "attachment; filename*=UTF-8''m.txt"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("application/octet-stream", "nosniff")


def test_a_put_that_comes_twice_is_harmless(world: World, stored: StoredFile) -> None:
    assert put(signed_links.upload_url(world.team, MD5, by=world.users["alice"])).status_code == 200
    assert list(StoredFile.objects.all()) == [stored]


@pytest.mark.parametrize(
    ("asked", "status", "given", "said"),
    [
        ("bytes=10-14", 206, CONTENT[10:15], "bytes 10-14/100"),
        ("bytes=95-", 206, CONTENT[95:], "bytes 95-99/100"),
        ("bytes=95-999", 206, CONTENT[95:], "bytes 95-99/100"),
        ("bytes=100-", 200, CONTENT, None),
        ("lines=1-2", 200, CONTENT, None),
    ],
)
def test_a_part_is_given_where_one_is_asked_for(
    stored: StoredFile, asked: str, status: int, given: bytes, said: str | None
) -> None:
    answer = Client().get(path_of(link_to(stored)), headers={"Range": asked})
    assert (answer.status_code, body(answer), answer.get("Content-Range")) == (status, given, said)
    assert int(answer["Content-Length"]) == len(given)


def test_content_of_another_md5_is_refused(world: World) -> None:
    answer = put(signed_links.upload_url(world.team, "0" * 32, by=world.users["alice"]))
    assert (answer.status_code, StoredFile.objects.count()) == (422, 0)
    assert "Its MD5 is" in answer.json()["errors"][0]["message"]


def test_a_file_over_the_limit_is_refused(world: World, settings: Any) -> None:
    settings.FILE_LIMIT = 99
    answer = put(signed_links.upload_url(world.team, MD5, by=world.users["alice"]))
    assert (answer.status_code, StoredFile.objects.count()) == (413, 0)
    assert "RUNBELL_FILE_LIMIT_MB" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("token", ["x", "-", "eyJ0ZWFtIjoxfQ:1abc:xyz", "..%2f..%2fetc%2fpasswd"])
def test_an_address_that_is_not_ours_takes_and_gives_nothing(world: World, token: str) -> None:
    assert put(f"/files/send/{token}").status_code in (403, 404)
    assert Client().get(f"/files/fetch/{token}/m.txt").status_code in (403, 404)
    assert StoredFile.objects.count() == 0


def test_an_address_that_is_too_old_is_refused_and_says_so(stored: StoredFile, settings: Any) -> None:
    address = path_of(link_to(stored))
    settings.FILE_LINK_SECONDS = -1
    answer = Client().get(address)
    assert (answer.status_code, "too old" in answer.reason_phrase) == (403, True)


def test_what_is_not_kept_says_why(world: World) -> None:
    answer = Client().get(path_of(signed_links.missing_file_url("m.txt")))
    assert (answer.status_code, "RUNBELL_ARTIFACT_FILES=off" in answer.reason_phrase) == (404, True)


def test_a_chunked_body_is_refused(world: World) -> None:
    answer = put(signed_links.upload_url(world.team, MD5, by=world.users["alice"]), **{"Transfer-Encoding": "chunked"})
    assert (answer.status_code, StoredFile.objects.count()) == (422, 0)


@pytest.mark.parametrize(("person", "status"), [("alice", 200), ("vera", 200), ("charlie", 404), (None, 401)])
def test_with_a_key_a_file_is_for_who_may_see_its_collection(world: World, person: str | None, status: int) -> None:
    collection = get_or_create_collection(world.project, "model", "model")[0]
    sent(collection, {"m.txt": CONTENT})
    headers = {}
    if person:
        headers = {"Authorization": "Basic " + b64encode(f"api:{world.keys[person]}".encode()).decode()}
    answer = Client().get(f"/artifactsV2/default/acme/mnist/model/QQ==/{MD5}/m.txt", headers=headers)
    assert answer.status_code == status
    assert status != 200 or body(answer) == CONTENT


# Whom a link was made for --------------------------------------------------------------------------------


def with_key(world: World, person: str) -> tuple[User, ApiKey]:
    """The person as a request knows them that shows their key."""
    user, key = User.objects.get(username=person), ApiKey.objects.get(user=world.users[person])
    user.shown_key = key
    return user, key


def end_key(user: User, key: ApiKey) -> None:
    key.delete()


def end_its_time(user: User, key: ApiKey) -> None:
    ApiKey.objects.update(expires_at=timezone.now())


def close_the_team_to_it(user: User, key: ApiKey) -> None:
    close_key(key, Team.objects.get(name="acme"))


def leave(user: User, key: ApiKey) -> None:
    user.memberships.all().delete()


def switch_off(user: User, key: ApiKey) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


ENDS = [end_key, end_its_time, close_the_team_to_it, leave, switch_off]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_links_die_with_the_membership_the_key_and_the_person(world: World, stored: StoredFile, end: Any) -> None:
    user, key = with_key(world, "bob")
    up = signed_links.upload_url(world.team, md5(b"new").hexdigest(), by=user)
    (file,) = register_files(world.run("run1"), ["weights.bin"])
    up_to_run = signed_links.upload_url_for_run(file, by=user)
    down = path_of(signed_links.download_url(stored, "m", by=user))
    assert Client().get(down).status_code == 200
    end(user, key)
    for address in (up, up_to_run):
        refused = put(address, b"new")
        assert (refused.status_code, "no longer on the team" in refused.reason_phrase) == (403, True)
    assert Client().get(down, headers={"Range": "bytes=10-"}).status_code == 403
    assert StoredFile.objects.count() == 1


def test_links_die_with_the_project_that_they_are_for_and_live_again_when_that_is_undone(world: World) -> None:
    user, _key = with_key(world, "bob")
    (file,) = register_files(world.run("run1"), ["weights.bin"])
    made, _created = get_or_create_collection(world.project, "model", "model")
    upload = begin_upload(made, VersionDraft(digest="d0"), by=user)
    one, other = md5(b"one").hexdigest(), md5(b"other").hexdigest()
    addresses = [
        *upload_urls(world.team, [one], by=user, project=world.project.pk), announce_manifest(upload, other, by=user),
        *signed_links.part_urls(world.team, [one], by=user, project=world.project.pk),
        signed_links.upload_url_for_run(file, by=user),
    ]  # fmt: skip
    project = registry.get("project")
    deletion = schedule(project, world.project, confirmed=str(world.project), by=user)
    for address in filter(None, addresses):
        assert put(address, b"one").status_code == 403
    assert not StoredFile.objects.exists()
    undo(deletion)
    assert put(str(addresses[0]), b"one").status_code == 200


def test_a_viewer_fetches_and_sends_nothing(world: World, stored: StoredFile) -> None:
    user, _key = with_key(world, "vera")
    assert put(signed_links.upload_url(world.team, MD5, by=user)).status_code == 403
    assert Client().get(path_of(signed_links.download_url(stored, "m", by=user))).status_code == 200


def test_a_link_for_nobody_opens_nothing(world: World, stored: StoredFile) -> None:
    nobody = AnonymousUser()
    assert put(signed_links.upload_url(world.team, MD5, by=nobody)).status_code == 403
    assert Client().get(path_of(signed_links.download_url(stored, "m", by=nobody))).status_code == 403


def test_a_link_from_before_they_named_a_person_opens_what_it_opened(world: World, stored: StoredFile) -> None:
    old = signing.dumps(stored.pk, salt="projects.stored.fetch")
    assert Client().get(f"/files/fetch/{old}/m").status_code == 200
    place = {"team": world.team.pk, "md5": MD5, "run_file": None}
    assert put(f"/files/send/{signing.dumps(place, salt='projects.stored.send')}").status_code == 200


def test_who_sees_a_version_through_a_registry_alone_fetches_until_they_do_not(world: World) -> None:
    version = sent(get_or_create_collection(world.project, "model", "model")[0], {"m.txt": CONTENT})
    content = version.files.get().content
    assert content is not None
    user, _key = with_key(world, "charlie")
    address = path_of(signed_links.download_url(content, "m.txt", by=user))
    assert Client().get(address).status_code == 403
    models = create_registry(world.team.organization, "models", visibility=Visibility.RESTRICTED)
    link(version, models, "model")
    assert Client().get(address).status_code == 403
    set_role_of_user(models, "charlie", "viewer")
    assert Client().get(address).status_code == 200
    models.members.all().delete()
    assert Client().get(address).status_code == 403


def test_asking_whom_a_link_is_for_takes_one_statement(world: World, stored: StoredFile) -> None:
    user, _key = with_key(world, "bob")
    holder = LinkHolder.of(user)
    with CaptureQueriesContext(connection) as asked:
        assert (holder.may_send(world.team.pk), len(asked)) == (True, 1)
        assert (holder.may_fetch(stored.team_id), len(asked)) == (True, 2)
