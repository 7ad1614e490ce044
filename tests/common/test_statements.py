"""Statements written once do what the ORM's would."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DatabaseError

from common.statements import compiled_statements
from projects.models import Run
from teams.models import Organization
from tests.world import World

THEN = datetime(2026, 11, 24, 10, 0, 0, 123456, tzinfo=UTC)


def run(world: World, name: str, **columns: Any) -> Run:
    return Run(project=world.project, name=name, **columns)


def columns_of(row: Run) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in Run._meta.concrete_fields if field.attname != "id"}


def test_an_inserted_row_reads_as_one_that_the_orm_wrote(world: World) -> None:
    row = run(world, "r", config={"a": [1, None, "ü"]}, summary={"loss": math.inf}, created_at=THEN, heartbeat_at=THEN)
    compiled_statements.insert([row])
    inserted = Run.objects.get(name="r")
    inserted.delete()
    row.save()
    assert columns_of(inserted) == columns_of(Run.objects.get(name="r"))


def test_no_rows_are_no_statement() -> None:
    compiled_statements.insert([])
    assert compiled_statements.update(Run, [], {"exit_code": 1}) == 0


def test_a_row_that_is_there_is_left_out_and_the_others_are_not(world: World) -> None:
    run(world, "there", exit_code=1).save()
    compiled_statements.insert(
        [run(world, "there", exit_code=2), run(world, "new", exit_code=3)], ignore_conflicts=True
    )
    assert dict(Run.objects.values_list("name", "exit_code")) == {"there": 1, "new": 3}


def test_an_update_changes_only_what_still_holds(world: World) -> None:
    Run.objects.bulk_create([run(world, str(number), exit_code=number % 2) for number in range(4)])
    ids = list(Run.objects.order_by("name").values_list("pk", flat=True))[:3]
    changes = {"finished_at": THEN, "summary": {"loss": 1.5}, "exit_code": None}
    assert compiled_statements.update(Run, ids, changes, exit_code=1, project=world.project.pk) == 1
    changed = Run.objects.get(name="1")
    assert (changed.finished_at, changed.summary, changed.exit_code) == (THEN, {"loss": 1.5}, None)
    others = dict(Run.objects.exclude(name="1").values_list("name", "exit_code"))
    assert others == {"0": 0, "2": 0, "3": 1}


def test_values_never_become_part_of_the_statement(db: None) -> None:
    name = "o'); DROP TABLE teams_team; -- %s"
    compiled_statements.insert([Organization(name=name)])
    assert Organization.objects.get().name == name


def test_one_row_is_inserted_as_save_does_and_has_its_id(world: World) -> None:
    row = run(world, "r", config={"a": [1, None]}, summary={"loss": math.inf}, created_at=THEN, heartbeat_at=THEN)
    compiled_statements.insert_row(row)
    inserted = Run.objects.get(pk=row.pk)
    row.exit_code = 3
    row.save()
    assert Run.objects.count() == 1 and Run.objects.get().exit_code == 3
    Run.objects.all().delete()
    row.exit_code = None
    row.save(force_insert=True)
    assert columns_of(inserted) == columns_of(Run.objects.get())


def test_the_named_columns_of_a_row_are_saved_alone(world: World) -> None:
    row = world.run()
    row.summary, row.notes = {"loss": 1.5}, "not told to"
    compiled_statements.save_columns(row, ["summary", "summary"])
    compiled_statements.save_columns(row, [])
    stored = Run.objects.get(pk=row.pk)
    assert stored.summary == {"loss": 1.5} and stored.notes != "not told to"


def test_saving_columns_of_a_row_that_is_gone_is_an_error(world: World) -> None:
    row = world.run()
    Run.objects.all().delete()
    with pytest.raises(DatabaseError, match="deleted meanwhile"):
        compiled_statements.save_columns(row, ["summary"])
