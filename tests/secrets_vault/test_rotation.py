"""A rotated secret has two values for a day; then the old one is gone."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.timezone import now

from automations.tasks import sweep
from secrets_vault.models import Secret
from secrets_vault.services import change_secret, previous, reveal, rotate_secret
from tests.world import World


@pytest.fixture
def secret(world: World) -> Secret:
    world.secret("SIGNING", "the old one")
    return Secret.objects.get()


def raw() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT value, previous_value FROM secrets_vault_secret")
        return " ".join(str(bytes(value)) for value in cursor.fetchone() if value is not None)


def test_both_values_are_given_for_a_day(secret: Secret, world: World) -> None:
    rotate_secret(secret, "the new one", by=world.users["alice"])

    assert reveal(world.team.pk, ["SIGNING"]) == {"SIGNING": "the new one", previous("SIGNING"): "the old one"}
    with time_machine.travel(now() + timedelta(hours=24, seconds=1)):
        assert reveal(world.team.pk, ["SIGNING"]) == {"SIGNING": "the new one"}


def test_the_sweep_takes_the_old_value_out_of_the_database_when_its_time_is_over(secret: Secret) -> None:
    rotate_secret(secret, "the new one")
    sweep()
    assert Secret.objects.filter(previous_value__isnull=True).count() == 0

    Secret.objects.update(previous_until=now() - timedelta(seconds=1))
    sweep()
    assert Secret.objects.filter(previous_value__isnull=True, previous_until=None).count() == 1


def test_a_change_leaves_no_old_value(secret: Secret, world: World) -> None:
    rotate_secret(secret, "the second")
    change_secret(secret, "the third")

    assert reveal(world.team.pk, ["SIGNING"]) == {"SIGNING": "the third"}
    assert Secret.objects.filter(previous_value__isnull=True).count() == 1


def test_a_refused_rotation_changes_nothing(secret: Secret, world: World) -> None:
    with pytest.raises(ValidationError):
        rotate_secret(secret, "")

    assert reveal(world.team.pk, ["SIGNING"]) == {"SIGNING": "the old one"}


def test_the_old_value_is_encrypted_and_not_read_by_lists(secret: Secret) -> None:
    rotate_secret(secret, "the new one")

    assert "the old one" not in raw()
    assert "previous_value" in Secret.objects.get().get_deferred_fields()
