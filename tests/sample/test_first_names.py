"""After the very first sign-in a page names organization, team and admin; nobody without that sign-in sees it."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from operations.first_start import prepare
from projects.models import Project
from sample.services import create_where_wanted
from teams.models import Membership, Organization, Role, Team, User

NAMES = {"organization": "acme", "team": "vision", "username": "ada", "sample": "clear"}
PASSWORD = {"new_password1": "seven-tall-trees", "new_password2": "seven-tall-trees"}


@pytest.fixture
def first(db: None, tmp_path: Path) -> Client:
    """Signed in for the first time, before the new password."""
    found = prepare(tmp_path)
    assert found is not None
    create_where_wanted()
    client = Client()
    client.post("/sign-in", {"username": found.user, "password": found.password})
    client.first_password = found.password  # type: ignore[attr-defined]
    return client


def changed(first: Client) -> str:
    old = {"old_password": first.first_password}  # type: ignore[attr-defined]
    return first.post("/profile/password", {**old, **PASSWORD})["Location"]


def test_it_comes_after_the_new_password_and_names_all_three(first: Client) -> None:
    assert changed(first) == "/home/names"
    assert first.get("/home/names").status_code == 200
    assert first.post("/home/names", NAMES)["Location"] == "/vision"
    assert (Organization.objects.get().name, Team.objects.get().name) == ("acme", "vision")
    assert User.objects.get().username == "ada"
    assert list(Project.objects.values_list("name", flat=True)) == ["playground"]


def test_the_sample_stays_where_one_keeps_it_and_old_names_lead_on(first: Client) -> None:
    changed(first)
    first.post("/home/names", {**NAMES, "sample": "keep"})
    assert Project.objects.count() == 2
    assert first.get("/demo/playground", follow=True).redirect_chain[-1][0] == "/vision/playground"


def test_it_is_asked_once(first: Client) -> None:
    changed(first)
    assert first.post("/home/names", {"later": "1"})["Location"] == "/demo"
    assert first.get("/home/names").status_code == 404


def test_nobody_else_sees_it(first: Client) -> None:
    changed(first)
    other = Client()
    assert other.get("/home/names").status_code == 302
    eve = User.objects.create_superuser("eve")
    Membership.objects.create(team=Team.objects.get(), user=eve, role=Role.ADMIN)
    other.force_login(eve)
    assert other.get("/home/names").status_code == 404
    assert other.post("/home/names", NAMES).status_code == 404
    assert Team.objects.get().name == "demo"


def test_a_name_that_cannot_be_changes_none_of_them(first: Client) -> None:
    changed(first)
    answer = first.post("/home/names", {**NAMES, "team": "admin"})
    assert (answer.status_code, Organization.objects.get().name, User.objects.get().username) == (422, "demo", "admin")
    assert "choose another name" in answer.content.decode()
