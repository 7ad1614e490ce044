"""RUNBELL_OIDC_PROVIDERS: what stands in it, and how it is refused: the field, the value and the remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from teams.sign_in.single_sign_on.provider_settings import GroupGrant, parse_providers
from tests.config.test_env import settings_of  # noqa: F401

OKTA = {"id": "okta", "label": "Okta", "issuer": "https://acme.okta.test", "client_id": "runbell"}


def refusal(settings_of: Any, *rows: Any, **variables: str) -> str:  # noqa: F811
    with pytest.raises(ImproperlyConfigured) as refused:
        settings_of(RUNBELL_OIDC_PROVIDERS=json.dumps(list(rows)), **variables)
    return str(refused.value)


def test_without_the_setting_there_is_no_provider(settings_of: Any) -> None:  # noqa: F811
    settings = settings_of()
    assert (settings["IDENTITY_PROVIDERS"], settings["LOCAL_PASSWORDS"]) == ((), True)


def test_providers_stand_in_a_file_of_several_lines(settings_of: Any, tmp_path: Path) -> None:  # noqa: F811
    groups = {"ml": {"teams": {"acme": "member"}, "admin_of": ["research"]}}
    (tmp_path / "oidc.json").write_text(json.dumps([{**OKTA, "groups": groups}], indent=2))
    [found] = settings_of(RUNBELL_OIDC_PROVIDERS_FILE=str(tmp_path / "oidc.json"))["IDENTITY_PROVIDERS"]
    assert (found.id, found.issuer, found.scopes) == ("okta", "https://acme.okta.test", ("openid", "profile", "email"))
    assert found.groups == {"ml": GroupGrant({"acme": "member"}, ("research",))}
    assert not found.links_by_email


def test_a_client_secret_stands_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush\n")
    [found] = parse_providers(json.dumps([{**OKTA, "client_secret_file": str(tmp_path / "secret")}]))
    assert found.client_secret == "hush"
    assert "hush" not in repr(found)


@pytest.mark.parametrize(
    "changed, said",
    [
        ({"id": "Okta!"}, "[0].id must be up to 32 lower-case letters, digits and hyphens"),
        ({"id": "passkey"}, "[0].id must be another word"),
        ({"label": ""}, "[0].label must be a text, not ''"),
        ({"issuer": "http://okta.test"}, "[0].issuer must be an address with https://"),
        ({"issuer": "okta.test"}, "[0].issuer must be an address with https://"),
        ({"issuer": "https://okta.test/.well-known/openid-configuration"}, "without /.well-known/"),
        ({"client_secret": 7}, "[0].client_secret must be a text"),
        ({"client_secret_file": "secret"}, "[0].client_secret_file must be an absolute path"),
        ({"client_secret_file": "/no/such/file"}, "[0].client_secret_file must be a file that can be read"),
        ({"client_secret": "a", "client_secret_file": "/x"}, "Keep one of them"),
        ({"scopes": ["profile"]}, "[0].scopes must be a list with openid in it"),
        ({"groups": ["ml"]}, "[0].groups must be an object"),
        ({"groups": {"ml": {"teams": {"acme": "owner"}}}}, "[0].groups.ml.teams.acme must be one of viewer, member"),
        ({"groups": {"ml": {"team": {}}}}, "[0].groups.ml.team is not known. Use: admin_of, teams."),
        ({"links_by_email": "yes"}, "[0].links_by_email must be true or false, not 'yes'"),
        ({"second_factor": "none"}, "[0].second_factor must be provider"),
        ({"networks": ["home"]}, "[0].networks: 'home' is not a network"),
        ({"required_claims": {"hd": 1}}, "[0].required_claims.hd must be a text, true or false"),
        ({"isuer": "x"}, "[0].isuer is not known. Use: client_id"),
        ({"issuer": "https://accounts.google.com"}, "signs in anybody in the world"),
        ({"issuer": "https://login.microsoftonline.com/common/v2.0"}, "signs in anybody in the world"),
    ],
)
def test_what_is_not_right_is_named_with_its_remedy(
    settings_of: Any,  # noqa: F811
    changed: dict[str, Any],
    said: str,
) -> None:
    told = refusal(settings_of, {**OKTA, **changed})
    assert told.startswith("RUNBELL_OIDC_PROVIDERS [0]")
    assert said in told


@pytest.mark.parametrize("name", ["id", "label", "issuer", "client_id"])
def test_what_is_missing_is_named(settings_of: Any, name: str) -> None:  # noqa: F811
    told = refusal(settings_of, {key: value for key, value in OKTA.items() if key != name})
    assert f"[0].{name} is missing" in told


def test_two_of_one_id_are_refused(settings_of: Any) -> None:  # noqa: F811
    assert "id 'okta' is there twice" in refusal(settings_of, OKTA, {**OKTA, "label": "Other"})


def test_google_is_taken_with_a_domain() -> None:
    row = {**OKTA, "issuer": "https://accounts.google.com", "required_claims": {"hd": "acme.test"}}
    assert len(parse_providers(json.dumps([row]))) == 1


@pytest.mark.parametrize("text", ['{"id": "hunter2"', "hunter2", '{"a": "hunter2"}', "[" * 100_000, '["hunter2"]'])
def test_what_is_no_list_is_refused_without_being_said(settings_of: Any, text: str) -> None:  # noqa: F811
    with pytest.raises(ImproperlyConfigured, match="^RUNBELL_OIDC_PROVIDERS ") as refused:
        settings_of(RUNBELL_OIDC_PROVIDERS=text)
    assert "hunter2" not in str(refused.value)


def test_passwords_are_not_switched_off_where_nothing_else_signs_in(settings_of: Any) -> None:  # noqa: F811
    with pytest.raises(ImproperlyConfigured, match="^RUNBELL_LOCAL_PASSWORDS is off"):
        settings_of(RUNBELL_LOCAL_PASSWORDS="false")
