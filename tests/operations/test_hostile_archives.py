"""Archives that somebody made up: nothing in one is believed, nothing leads out of its team, no page breaks on it."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import BinaryField
from django.test import Client

from artifacts.models import Registry
from automations.definitions.services import set_enabled
from automations.delivery.redelivery import redeliver
from automations.engine import worker_loop
from automations.models import Attempt, Automation, Execution
from operations.archives import archive_jobs, tables
from operations.archives.archive_import import ImportedRows, RefusedArchive
from operations.archives.export import ExportScope, write_export
from operations.archives.importing import _NO_ARCHIVE, import_archive
from operations.archives.row_checks import checked
from operations.archives.row_shapes import CHECKS, SHAPES, json_fields
from operations.archives.table_rows import fields_of
from operations.backup.archive import ArchiveReader, ArchiveWriter, BrokenArchive
from operations.models import ArchiveJob
from projects.history.row_tombstone import MOST_REWOUND
from projects.models import HistoryChunk, RewoundRows, Run, RunFile, RunState
from projects.quota import usage_of
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import change_state, lock_run
from teams.accounts.api_key import delete_key
from teams.models import ApiKey, Membership, Role, Team, User
from tests.conftest import as_person
from tests.operations import test_archives as scene
from tests.operations.test_archive_doors import ARCHIVES
from tests.world import World

kept, elsewhere, archive = scene.kept, scene.elsewhere, scene.archive
Rows = list[dict[str, Any]]
TABLES = {table.name: table for table in (*tables.TABLES, tables.HISTORY)}
HOSTILE: list[Any] = [
    None, "", "\0", "x" * 3000, "../../etc/passwd", -1, 2**63, 1.5, True, [], [1], {"a": [1]}, "a\ud800b", [{"a": {}}],
    "0001-01-01T00:00:00+23:59", {"history": [1]},
]  # fmt: skip


def changed(archive: Path, name: str, change: Callable[[Rows], object]) -> Path:
    """Give the archive anew, as whoever has made up what one of its tables says."""
    path = archive.with_name("made-up.tar")
    with ArchiveReader(archive) as old, ArchiveWriter(path) as new:
        for part in [one for one in old.names if one not in ("manifest.json", "SHA256SUMS")]:
            content = b"".join(old.pieces(part))
            if part == f"{name}.jsonl.gz":
                rows = [json.loads(line) for line in gzip.decompress(content).splitlines()]
                change(rows)
                new.add_compressed(part, [json.dumps(row).encode() + b"\n" for row in rows])
            else:
                new.add(part, len(content), [content])
        new.finish({key: value for key, value in old.manifest.items() if key != "format"})
    return path


def said(name: str, field: str, value: Any) -> Callable[[Rows], object]:
    return lambda rows: [row.update({field: value}) for row in rows]


def member(team: Team, name: str, role: str = Role.ADMIN) -> User:
    user = User.objects.get(username=name)
    Membership.objects.create(team=team, user=user, role=role)
    return user


def test_each_field_that_holds_anything_has_its_shape() -> None:
    models = [*(table.model for table in TABLES.values()), Automation, Execution, Attempt]
    named = {f"{model.__name__}.{field.name}" for model in models for field in json_fields(model)}
    assert named == SHAPES.keys() | CHECKS.keys()
    # What is compacted is never taken from an archive; digests are, as many bytes as they have.
    packed = {(model, one.name) for model in models for one in model._meta.concrete_fields if type(one) is BinaryField}
    assert packed == {(HistoryChunk, "packed"), (HistoryChunk, "sample"), (RewoundRows, "digests")}


@pytest.mark.parametrize("digests", [b"x" * 7, b"x" * 8 * (MOST_REWOUND + 1)])
def test_digests_that_are_none_are_refused(digests: bytes) -> None:
    with pytest.raises(ValidationError, match="are no digests of rows"):
        checked(RewoundRows(run_id=1, digests=digests))


def look_at(client: Client, team: Team) -> None:
    """Ask for what is there by every door; the test's client raises what would be a server error."""
    place = f"/{team.name}/mnist"
    paths = [place, f"{place}/runs", f"{place}/artifacts", f"/{team.name}/usage", "/executions", f"{place}/history"]
    for run in Run.objects.filter(project__team=team):
        paths += [f"{place}/runs/{run.name}{tail}" for tail in ("", "/panels", "/metrics", "/artifacts")]
        paths += [f"/api/v1/projects{place}/runs/{run.name}{tail}" for tail in ("", "/history?samples=5")]
    paths += [f"{place}/artifacts/model/model", f"{place}/artifacts/model/model/v0", f"/api/v1/projects{place}/runs"]
    for path in paths:
        assert client.get(path).status_code < 500, path
    for run in Run.objects.filter(project__team=team):
        ingest_rows(run, 1000, [{"_step": 1000, "loss": 1.0}])


@pytest.mark.parametrize("name", TABLES)
def test_what_cannot_be_is_refused_and_what_is_taken_breaks_no_page(
    kept: World, elsewhere: Team, archive: Path, client: Client, name: str
) -> None:
    client.force_login(member(elsewhere, "alice"))
    client.raise_request_exception = True
    model = TABLES[name].model
    with ArchiveReader(archive) as opened:
        row = next(ImportedRows(opened, elsewhere, by=None).archived_rows(name))
    for at, field in enumerate(one for one in model._meta.concrete_fields if not one.primary_key):
        # What holds anything gets all of the values, and each other field one.
        for value in HOSTILE if field in json_fields(model) else [HOSTILE[at % len(HOSTILE)]]:
            if not is_taken(model, {**row, field.name: value}):
                continue
            with transaction.atomic():
                with suppress(RefusedArchive):
                    import_archive(changed(archive, name, said(name, field.name, value)), elsewhere, by=None)
                look_at(client, elsewhere)
                transaction.set_rollback(True)


def is_taken(model: Any, row: dict[str, Any]) -> bool:
    """Whether the row passes its own checks: most do not, and are not worth an archive each."""
    try:
        checked(model(**fields_of(model, row, {})))
    except _NO_ARCHIVE:
        return False
    return True


@pytest.mark.parametrize("name", ["automations", "executions"])
def test_no_automation_and_nothing_that_one_did_breaks_a_page_or_the_worker(
    kept: World, elsewhere: Team, archive: Path, client: Client, name: str
) -> None:
    kept.webhook("http://127.0.0.1:9/hook", team=elsewhere)
    client.force_login(member(elsewhere, "alice"))
    with ArchiveReader(archive) as opened:
        row = next(ImportedRows(opened, elsewhere, by=None).archived_rows(name))
    for at, field in enumerate(row):
        is_wide = field in ("conditions", "action", "kept_action", "kept_variables", "attempts", "scope")
        for value in HOSTILE[at % 3 :: 3] if is_wide else [HOSTILE[at % len(HOSTILE)]]:
            with transaction.atomic():
                with suppress(RefusedArchive):
                    import_archive(changed(archive, name, said(name, field, value)), elsewhere, by=None)
                for found in Automation.objects.filter(team=elsewhere):
                    for path in (found.get_absolute_url(), f"{found.get_absolute_url()}/edit", "/automations"):
                        assert client.get(path).status_code < 500, (field, value)
                    set_enabled(found, True)
                for execution in Execution.objects.filter(team=elsewhere):
                    assert client.get(f"/executions/{execution.pk}").status_code < 500, (field, value)
                    assert client.get(f"/api/v1/executions/{execution.pk}").status_code < 500, (field, value)
                for run in Run.objects.filter(project__team=elsewhere):
                    change_state(lock_run(run), RunState.FAILED)
                worker_loop.run()
                transaction.set_rollback(True)


def test_names_lead_out_of_no_folder_and_no_reference_is_a_script(elsewhere: Team, archive: Path) -> None:
    path = changed(archive, "version_files", said("version_files", "reference", "javascript:alert(1)"))
    with pytest.raises(RefusedArchive, match="is a script"):
        import_archive(path, elsewhere, by=None)
    import_archive(changed(archive, "run_files", said("run_files", "name", "../../x")), elsewhere, by=None)
    names = RunFile.objects.filter(run__project__team=elsewhere).values_list("name", flat=True)
    assert [name for name in names if ".." in name] == []
    assert [name for name in names if name.endswith("-x")]


def test_bytes_are_counted_and_not_believed(kept: World, elsewhere: Team, archive: Path) -> None:
    import_archive(changed(archive, "runs", said("runs", "bytes_logged", 0)), elsewhere, by=None)
    assert usage_of(elsewhere).rows == usage_of(kept.team).rows > 0


def listening(rows: Rows, **scope: str) -> None:
    for row in rows:
        row["scope"] = scope


def test_an_automation_listens_only_where_whoever_imports_may_let_one_listen(
    kept: World, elsewhere: Team, archive: Path
) -> None:
    kept.webhook("http://127.0.0.1:9/hook", team=elsewhere)
    by = member(elsewhere, "alice")
    places = [
        {"type": "organization", "name": "far", "team": "away"}, {"type": "project", "name": "acme/mnist"},
        {"type": "organization", "name": "acme", "team": "acme"},
        {"type": "registry", "name": "far/hidden", "team": "x"},
        {"type": "registry", "name": "acme/models", "team": "x"},
    ]  # fmt: skip
    Registry.objects.create(organization=elsewhere.organization, name="hidden", visibility="restricted")
    for place in places:
        with transaction.atomic():
            path = changed(archive, "automations", lambda rows, place=place: listening(rows, **place))  # type: ignore[misc]
            import_archive(path, elsewhere, by=by)
            scopes = set(Automation.objects.filter(team=elsewhere).values_list("scope_name", flat=True))
            assert scopes <= {"away/mnist"}, place
            transaction.set_rollback(True)
    elsewhere.organization.admins.add(by)
    path = changed(archive, "automations", lambda rows: listening(rows, **places[0]))
    import_archive(path, elsewhere, by=by)
    assert Automation.objects.get(team=elsewhere).scope_type == "organization"


def test_what_was_frozen_elsewhere_is_sent_to_nobody(kept: World, elsewhere: Team, archive: Path) -> None:
    kept.webhook("http://127.0.0.1:9/hook", team=elsewhere)
    stolen = {"webhook": 1, "payload": '{"stolen": "${TOKEN}"}'}
    path = changed(archive, "executions", said("executions", "kept_action", stolen))
    import_archive(path, elsewhere, by=None)
    with pytest.raises(ValidationError, match="deleted"):
        redeliver(Execution.objects.get(team=elsewhere), by=None)


def test_an_export_tells_of_no_registry_that_whoever_asked_does_not_see(kept: World, tmp_path: Path) -> None:
    registry = Registry.objects.get(name="models", organization=kept.team.organization)
    told = {}
    for visibility in ("organization", "restricted"):
        Registry.objects.filter(pk=registry.pk).update(visibility=visibility)
        registry.organization.admins.clear()
        path = tmp_path / f"{visibility}.tar"
        write_export(ExportScope(kept.team, kept.project, kept.users["alice"]), path, format="jsonl")
        told[visibility] = b"production" in scene.parts(path)["links.jsonl.gz"]
    assert told == {"organization": True, "restricted": False}


@pytest.mark.parametrize("end", ["key", "role", "account", "person"])
def test_a_job_ends_with_what_whoever_asked_for_it_may(kept: World, api: Any, end: str) -> None:
    api.post(ARCHIVES, {"format": "jsonl"}, format="json")
    alice = kept.users["alice"]
    if end == "key":
        delete_key(ApiKey.objects.get(user=alice))
    elif end == "role":
        Membership.objects.filter(user=alice).update(role=Role.MEMBER)
    elif end == "account":
        User.objects.filter(pk=alice.pk).update(is_active=False)
    else:
        ArchiveJob.objects.update(asked_by=None)
    archive_jobs.run_waiting()
    job = ArchiveJob.objects.get()
    assert (job.content, "no longer administers" in job.problem) == (None, True)


def test_a_job_may_no_more_than_the_key_that_asked_for_it(kept: World, api: Any) -> None:
    kept.team.organization.admins.add(kept.users["alice"])
    Registry.objects.update(visibility="restricted")
    told = []
    for team in (None, kept.team):
        ApiKey.objects.filter(user=kept.users["alice"]).update(team=team)
        job = as_person(kept.keys["alice"]).post(ARCHIVES, {"format": "jsonl"}, format="json").json()
        archive_jobs.run_waiting()
        told.append(ArchiveJob.objects.get(pk=job["id"]).report["counts"]["links"])
    assert told == [1, 0]


def with_holes(path: Path) -> None:
    """A manifest of a terabyte, of which nothing is in the file: GNU tar calls it sparse."""
    sparse = tarfile.TarInfo("manifest.json")
    sparse.pax_headers = {"GNU.sparse.map": "0,0", "GNU.sparse.size": str(2**40), "GNU.sparse.numblocks": "1"}
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        sums = tarfile.TarInfo("SHA256SUMS")
        tar.addfile(sums, io.BytesIO())
        tar.addfile(sparse, io.BytesIO())


def with_less_than_nothing(path: Path) -> None:
    header = tarfile.TarInfo("files/x").tobuf(tarfile.GNU_FORMAT)
    size = b"\xff" * 10 + (2**16 - 512).to_bytes(2, "big")
    header = header[:124] + size + header[136:]
    sum_of = sum(header[:148]) + sum(header[156:512]) + 8 * 32
    path.write_bytes(header[:148] + f"{sum_of:06o}\0 ".encode() + header[156:] + bytes(1024))


def with_a_list_for_a_manifest(path: Path) -> None:
    with tarfile.open(path, "w") as tar:
        for name, text in (("manifest.json", b"[1]"), ("SHA256SUMS", b"")):
            part = tarfile.TarInfo(name)
            part.size = len(text)
            tar.addfile(part, io.BytesIO(text))


@pytest.mark.parametrize("make", [with_holes, with_less_than_nothing, with_a_list_for_a_manifest])
def test_an_archive_that_says_more_than_it_has_is_refused_before_it_is_read(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    path = tmp_path / "archive.tar"
    make(path)
    with pytest.raises(BrokenArchive) as refused:
        ArchiveReader(path)
    assert str(tmp_path) not in str(refused.value)


def test_what_unpacks_to_more_than_a_file_may_have_is_refused(elsewhere: Team, archive: Path) -> None:
    path = changed(archive, "runs", lambda rows: rows.extend([dict(rows[0], notes="x" * 2**20)] * 8))
    assert path.stat().st_size < 2**20
    with pytest.raises(RefusedArchive, match="when they are unpacked"):
        import_archive(path, elsewhere, by=None, most_unpacked=2**20)
    assert not Run.objects.filter(project__team=elsewhere).exists()


def test_a_broken_archive_is_one_sentence_of_its_job_and_no_traceback(
    kept: World, api: Any, client: Client, archive: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = changed(archive, "runs", lambda rows: rows.append([1])).read_bytes()  # type: ignore[arg-type]
    sent = {"md5": hashlib.md5(content).hexdigest()}
    place = api.post(f"{ARCHIVES}/upload", sent, format="json").json()["upload_url"]
    assert client.put("/files" + place.partition("/files")[2], content, content_type="x/y").status_code == 200
    assert api.post(f"{ARCHIVES}/import", sent, format="json").status_code == 202
    archive_jobs.run_waiting()
    assert "a line that tells of no row" in ArchiveJob.objects.get().problem
    assert [record for record in caplog.records if record.exc_info] == []
