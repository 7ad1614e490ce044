"""Prepared queries: what the ORM would give, compiled once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet, Value
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from common.statements.prepared_query import PreparedQuery, PreparedValues, rows_numbered
from projects.models import Run
from tests.world import World

pytestmark = pytest.mark.django_db


def runs_of(team: int, name: str) -> QuerySet[Run]:
    rows = Run.objects.select_related("project__team", "user").defer("config").annotate(seven=Value(7))
    return rows.filter(project__team=team, name=name)


def test_it_gives_what_the_queryset_gives_with_what_was_selected_with_it(world: World) -> None:
    made = world.run("one", config={"a": 1})
    world.run("two")
    query = PreparedQuery(runs_of, team=int, name=str)
    plain = runs_of(world.team.pk, "one").get()
    for _ in range(2):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            found = query.first(team=world.team.pk, name="one")
            assert found == made and found.project.team.name == world.team.name and found.user == made.user
        assert len(asked) == 1
        assert found.get_deferred_fields() == {"config"} and found.config == {"a": 1}
        assert found.seven == 7  # type: ignore[attr-defined]
        fields = [one.attname for one in Run._meta.concrete_fields if one.attname != "config"]
        assert [getattr(found, name) for name in fields] == [getattr(plain, name) for name in fields]


def test_each_value_is_asked_for_anew(world: World) -> None:
    first, second = world.run("one"), world.run("two")
    query = PreparedQuery(runs_of, team=int, name=str)
    assert query.first(team=world.team.pk, name="one") == first
    assert query.first(team=world.team.pk, name="two") == second
    assert query.first(team=world.other_team.pk, name="two") is None
    assert query.first(team=world.team.pk, name="' OR 1=1 --") is None


def test_a_value_that_is_missing_or_unknown_is_refused(world: World) -> None:
    query = PreparedQuery(runs_of, team=int, name=str)
    with pytest.raises(TypeError, match="takes team, name"):
        query.first(team=world.team.pk)
    with pytest.raises(TypeError, match="takes team, name"):
        query.first(team=world.team.pk, name="one", other=1)


def test_a_value_that_the_query_does_not_ask_for_is_refused() -> None:
    with pytest.raises(TypeError, match="does not ask for: unused"):
        PreparedQuery(lambda name, unused: Run.objects.filter(name=name), name=str, unused=int).first(name="", unused=1)
    with pytest.raises(TypeError, match="no float"):
        PreparedQuery(lambda name: Run.objects.filter(name=name), name=float).first(name="")
    with pytest.raises(TypeError, match="rows of a model"):
        PreparedQuery(lambda name: Run.objects.filter(name=name).values("pk"), name=str).first(name="")


@pytest.mark.django_db(transaction=True)
def test_a_row_is_locked_inside_of_a_transaction_alone(world: World) -> None:
    run = world.run()
    query = PreparedQuery(lambda pk: Run.objects.select_for_update().filter(pk=pk), pk=int)
    for _ in range(2):
        with transaction.atomic():
            assert query.first(pk=run.pk) == run
        if connection.features.has_select_for_update:
            with pytest.raises(TransactionManagementError):
                query.first(pk=run.pk)


def test_moments_are_values_too(world: World) -> None:
    made = world.run("one")
    query = PreparedQuery(lambda at: Run.objects.filter(created_at__lte=at), at=datetime)
    for moment, found in ((made.created_at, [made]), (made.created_at - timedelta(microseconds=1), [])):
        assert query.rows(at=moment) == found


def test_values_come_as_tuples(world: World) -> None:
    made = world.run("one")
    query = PreparedValues(lambda name: Run.objects.filter(name=name).values_list("pk", "name"), name=str)
    assert query.rows(name="one") == [(made.pk, "one")]
    assert query.rows(name="two") == []


def test_rows_are_found_by_their_numbers_however_many_they_are(world: World) -> None:
    one, two = world.run("one"), world.run("two")
    for wanted in ([], [one], [two], [one, two, one]):
        assert {*rows_numbered(Run, [run.pk for run in wanted])} == {*wanted}
