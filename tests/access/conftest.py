"""One place for all rows of the matrix: each test takes back what it did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings

from tests.access.graph_scene import Scene, make_scene
from tests.access.place import make_place
from tests.world import World


@pytest.fixture(scope="module")
def shared_place(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    hasher = "django.contrib.auth.hashers.MD5PasswordHasher"
    with django_db_blocker.unblock(), override_settings(PASSWORD_HASHERS=[hasher]), transaction.atomic():
        yield make_place()
        transaction.set_rollback(True)


@pytest.fixture
def place(shared_place: World, db: None) -> World:
    return shared_place


@pytest.fixture(scope="module")
def shared_scene(django_db_setup: None, django_db_blocker: Any) -> Iterator[Scene]:
    hasher = "django.contrib.auth.hashers.MD5PasswordHasher"
    with django_db_blocker.unblock(), override_settings(PASSWORD_HASHERS=[hasher]), transaction.atomic():
        yield make_scene()
        transaction.set_rollback(True)


@pytest.fixture
def scene(shared_scene: Scene, db: None) -> Scene:
    return shared_scene
