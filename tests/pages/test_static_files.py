"""Static files under names that carry their hash."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.test import Client


@pytest.fixture(autouse=True)
def every_file_is_read_first(static_files_on_demand: None, settings: Any) -> None:
    """As when it runs: only so are the hashed names known. Elsewhere in the tests it would take too long."""
    settings.WHITENOISE_AUTOREFRESH = False


def test_a_file_is_served_at_its_hashed_name_and_kept_for_ever(client: Client) -> None:
    address = staticfiles_storage.url("favicon.svg")
    assert re.fullmatch(r"/static/favicon\.[0-9a-f]{12}\.svg", address)
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "max-age=315360000, public, immutable"


def test_a_file_at_its_plain_name_is_asked_for_anew(client: Client) -> None:
    answer = client.get("/static/favicon.svg")
    assert answer.status_code == 200
    assert "immutable" not in answer["Cache-Control"]


def test_the_files_of_django_admin_are_hashed_too(client: Client) -> None:
    address = staticfiles_storage.url("admin/css/base.css")
    assert re.search(r"base\.[0-9a-f]{12}\.css$", address)
    assert client.get(address).status_code == 200


def test_a_file_that_is_not_there_keeps_its_plain_name() -> None:
    assert staticfiles_storage.url("build/not-built.css") == "/static/build/not-built.css"


def test_a_page_that_is_not_there_is_404_for_who_is_not_signed_in(client: Client, db: None) -> None:
    answer = client.get("/no/such/page/at/all/here")
    assert answer.status_code == 404
    assert "Nothing here" in answer.content.decode()
