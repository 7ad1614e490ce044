from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from operations.provision import UnusableProvision, provision
from projects.models import Project
from teams.models import ApiKey, Membership, Organization, User

pytestmark = pytest.mark.django_db

KEY = "k" * 40
FILE = f"""
users:
  - username: ada
    password: correct-horse-battery
    api_keys: [{{name: laptop, key: {KEY}}}]
  - username: ci
    service: true
    api_keys: ["{"c" * 44}"]
organizations:
  - name: research
    admins: [ada]
    teams:
      - name: acme
        members: {{ada: admin, ci: member}}
        projects: [mnist, Vision 2]
"""


def counts() -> list[int]:
    return [model.objects.count() for model in (User, ApiKey, Organization, Membership, Project)]


def test_a_file_makes_people_keys_teams_and_projects() -> None:
    provision(yaml.safe_load(FILE))
    assert counts() == [2, 2, 1, 2, 2]
    assert User.objects.get(username="ada").check_password("correct-horse-battery")
    assert not User.objects.get(username="ci").has_usable_password()
    assert list(Organization.objects.get().admins.values_list("username", flat=True)) == ["ada"]


def test_a_second_run_changes_nothing() -> None:
    provision(yaml.safe_load(FILE))
    before = counts()
    assert provision(yaml.safe_load(FILE)).made == []
    assert counts() == before


def test_a_provisioned_key_opens_the_api() -> None:
    provision(yaml.safe_load(FILE))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {KEY}")
    assert client.get("/api/v1/me").json()["teams"] == [{"team": "acme", "role": "admin"}]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"users": [{"username": "x", "pasword": "y"}]}, "users[0]: 'pasword' is not known here"),
        ({"users": [{"username": "x", "api_keys": ["short"]}]}, "users[0].api_keys[0]"),
        ({"organizations": [{"name": "Not A Slug"}]}, "organizations[0]"),
        ({"organizations": [{"name": "o", "teams": [{"name": "api"}]}]}, "organizations[0].teams[0]"),
        ({"organizations": [{"name": "o", "teams": [{"name": "t", "members": {"nobody": "admin"}}]}]}, "'nobody'"),
        ({"organizations": [{"name": "o", "admins": "ada"}]}, "admins must be a list"),
        ("text", "the file must be a mapping"),
    ],
    ids=["unknown field", "short key", "bad name", "reserved team", "unknown member", "not a list", "not a mapping"],
)
def test_a_wrong_file_names_its_place_and_makes_nothing(change: Any, said: str) -> None:
    with pytest.raises(UnusableProvision) as refused:
        provision(change)
    assert said in str(refused.value)
    assert counts() == [0, 0, 0, 0, 0]


def test_an_unknown_role_is_refused_with_those_that_exist() -> None:
    document = yaml.safe_load(FILE)
    document["organizations"][0]["teams"][0]["members"]["ada"] = "boss"
    with pytest.raises(UnusableProvision, match="'boss' is no role. Choose one of: admin, member, viewer"):
        provision(document)
    assert counts() == [0, 0, 0, 0, 0]


def test_the_command_says_which_line_is_no_yaml_and_repeats_no_password(tmp_path: Path) -> None:
    file = tmp_path / "people.yaml"
    file.write_text("users:\n  - username: x\n    password: [hunter2\n")
    with pytest.raises(CommandError) as refused:
        call_command("provision", str(file))
    assert "line" in str(refused.value)
    assert "hunter2" not in str(refused.value)
