"""Single sign-on against a real OpenID Connect provider on loopback: who comes in, as whom, and who does not."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client

from teams.models import ApiKey, AuditEvent, User
from teams.sign_in.single_sign_on import discovery
from teams.sign_in.single_sign_on.provider_settings import parse_providers
from teams.sign_in.single_sign_on.second_factor import is_vouched_for
from teams.sign_in.single_sign_on.user_names import free_username
from tests.conftest import forget_refusals
from tests.oidc_provider import OidcProvider, address_on, new_key, query_of
from tests.world import World

# What a provider says and what follows for people: the same whichever database stores it.
pytestmark = pytest.mark.any_database


@pytest.fixture
def okta(settings: Any) -> Iterator[OidcProvider]:
    discovery.forget()
    forget_refusals()
    with OidcProvider().running() as provider:
        use(settings, provider)
        yield provider
    discovery.forget()


def use(settings: Any, provider: OidcProvider, **changed: Any) -> None:
    settings.IDENTITY_PROVIDERS = parse_providers(json.dumps([provider.settings(**changed)]))


def begin(client: Client, **form: str) -> str:
    """Press the button; give the address of the provider's page."""
    return address_on(client.post("/sign-in/okta", form).content.decode())


def come_back(client: Client, address: str) -> Any:
    path = address.partition("/sign-in/")[2]
    return client.get(f"/sign-in/{path}")


def sign_in(provider: OidcProvider, subject: str, client: Client | None = None, **form: str) -> tuple[Client, Any]:
    client = client or Client()
    return client, come_back(client, provider.says_yes(begin(client, **form), subject))


def who(client: Client) -> str:
    user = client.get("/profile").wsgi_request.user
    return str(user.username) if user.is_authenticated else ""


def said(client: Client) -> str:
    return str(client.get("/sign-in").content.decode())


def reasons() -> list[str]:
    return [row.after["reason"] for row in AuditEvent.objects.filter(verb="sign_in.failed").order_by("id")]


def refused(provider: OidcProvider, reason: str, people: int = 4) -> None:
    """Nobody came in: no session, no account, a reason for the operator, plain words for the person."""
    client, answer = sign_in(provider, "sub-1")
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in")
    assert who(client) == ""
    assert reason in reasons()[-1]
    assert 'role="alert"' in said(client)
    assert not SocialAccount.objects.exists()
    assert User.objects.count() == people


# Coming in ------------------------------------------------------------------------------------------


def test_the_sign_in_page_has_a_button_for_each_provider(world: World, okta: OidcProvider) -> None:
    page = Client().get("/sign-in").content.decode()
    assert "Sign in with Okta" in page
    assert 'name="password"' in page


def test_a_new_person_gets_an_account_of_their_own_name(world: World, okta: OidcProvider) -> None:
    okta.person("sub-1", preferred_username="Anna.Meier@acme.test", given_name="Anna", family_name="Meier",
                email="anna@acme.test", email_verified=True)  # fmt: skip
    client, answer = sign_in(okta, "sub-1", next="/teams")
    assert (answer.status_code, answer["Location"]) == (302, "/teams")
    anna = User.objects.get(username="anna.meier")
    assert who(client) == "anna.meier"
    assert (anna.first_name, anna.last_name, anna.email) == ("Anna", "Meier", "anna@acme.test")
    assert not anna.has_usable_password()
    assert not anna.is_superuser
    assert not anna.memberships.exists()


def test_the_person_is_known_by_the_subject_alone(world: World, okta: OidcProvider) -> None:
    okta.person("sub-1", preferred_username="anna")
    sign_in(okta, "sub-1")
    okta.person("sub-1", preferred_username="anna-renamed", email="alice@acme.test", email_verified=True)
    client, _ = sign_in(okta, "sub-1")
    assert who(client) == "anna"
    assert SocialAccount.objects.get().uid == "sub-1"


@pytest.mark.parametrize(
    "claimed, name",
    [
        ("alice", "alice-2"),
        ("ALICE@elsewhere.test", "alice-2"),
        ("àlice", "alice-2"),
        ("admin", "person-admin"),
        ("../../etc", "etc"),
        ("<script>alert(1)</script>", "script-alert-1-script"),
        ("\u0430lice", "lice"),
        ("李雷", "person"),
        ("", "person"),
        ("\x00\ud800", "person"),
        ("a" * 500, "a" * 48),
    ],
)
def test_a_user_name_is_safe_and_nobody_elses(world: World, claimed: str, name: str) -> None:
    assert free_username(claimed) == name


def test_two_people_of_one_name_get_two_accounts(world: World, okta: OidcProvider) -> None:
    okta.person("sub-1", preferred_username="alice")
    okta.person("sub-2", preferred_username="Alice@other.test")
    assert [who(sign_in(okta, subject)[0]) for subject in ("sub-1", "sub-2")] == ["alice-2", "alice-3"]


def test_the_sign_in_is_in_the_audit_log_with_the_provider(world: World, okta: OidcProvider) -> None:
    sign_in(okta, "sub-1")
    rows = {row.verb: row.after for row in AuditEvent.objects.filter(verb__in=("sign_in", "sign_in.link"))}
    assert rows["sign_in"] == {"with": "okta"}
    assert rows["sign_in.link"] == {"provider": "okta", "subject": "sub-1"}


def test_the_flow_has_state_nonce_and_pkce(world: World, okta: OidcProvider) -> None:
    client = Client()
    address = begin(client)
    asked = query_of(address)
    assert asked["response_type"] == "code"
    assert len(asked["state"]) >= 16 and len(asked["nonce"]) >= 32
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"].endswith("/sign-in/okta/callback")
    come_back(client, okta.says_yes(address, "sub-1"))
    sent = next(form for path, form in okta.asked if path == "/oauth2/token")
    digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]


def test_nothing_of_a_token_is_kept_or_logged(
    world: World, okta: OidcProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    tokens: list[str] = []
    okta.forge = lambda claims: tokens.append(str(claims["at_hash"]))
    client, _ = sign_in(okta, "sub-1")
    okta.forge = lambda claims: claims.update(aud="another")
    sign_in(okta, "sub-1")
    assert not SocialToken.objects.exists()
    assert SocialAccount.objects.get().extra_data == {}
    kept = json.dumps([row.get_decoded() for row in Session.objects.all()]) + json.dumps(dict(client.session))
    assert "eyJ" not in kept + caplog.text
    assert "hush-hush-secret" not in kept + caplog.text


def test_the_session_gets_another_key_at_sign_in(world: World, okta: OidcProvider) -> None:
    client = Client()
    address = begin(client)
    before = client.cookies["sessionid"].value
    come_back(client, okta.says_yes(address, "sub-1"))
    assert client.cookies["sessionid"].value != before


@pytest.mark.parametrize("there", ["https://evil.test/", "//evil.test/", "/\\evil.test", "javascript:alert(1)"])
def test_nobody_is_led_elsewhere_afterwards(world: World, okta: OidcProvider, there: str) -> None:
    _, answer = sign_in(okta, "sub-1", next=there)
    assert answer["Location"] == "/"


# Who does not come in -------------------------------------------------------------------------------


def test_a_callback_with_a_foreign_state_is_refused(world: World, okta: OidcProvider) -> None:
    """Somebody else's link would sign the person in to the account of the sender."""
    address = okta.says_yes(begin(Client()), "sub-1")
    victim = Client()
    begin(victim)
    assert come_back(victim, address)["Location"] == "/sign-in"
    assert who(victim) == ""
    assert reasons() == ["okta: the answer belongs to no sign-in of this browser"]
    assert "Begin again" in said(victim)


def test_a_callback_is_good_once(world: World, okta: OidcProvider) -> None:
    client = Client()
    address = okta.says_yes(begin(client), "sub-1")
    come_back(client, address)
    client.post("/sign-out")
    assert come_back(client, address)["Location"] == "/sign-in"
    assert who(client) == ""


def test_another_providers_state_is_not_taken(world: World, okta: OidcProvider, settings: Any) -> None:
    both = [okta.settings(), okta.settings(id="second", label="Second")]
    settings.IDENTITY_PROVIDERS = parse_providers(json.dumps(both))
    client = Client()
    address = okta.says_yes(begin(client), "sub-1").replace("/sign-in/okta/", "/sign-in/second/")
    assert come_back(client, address)["Location"] == "/sign-in"
    assert who(client) == ""


@pytest.mark.parametrize(
    "claim, value, reason",
    [
        ("nonce", "another", "nonce"),
        ("nonce", None, "nonce"),
        ("nonce", "", "nonce"),
        ("nonce", ["x"], "nonce"),
        ("aud", "another", "InvalidAudienceError"),
        ("aud", ["another", "third"], "InvalidAudienceError"),
        ("aud", ["runbell", "another"], "azp"),
        ("azp", "another", "azp"),
        ("iss", "https://evil.test", "InvalidIssuerError"),
        ("exp", 1, "ExpiredSignatureError"),
        ("exp", "soon", "DecodeError"),
        ("exp", None, "MissingRequiredClaimError"),
        ("iat", 99_999_999_999, "ImmatureSignatureError"),
        ("sub", None, "MissingRequiredClaimError"),
        ("sub", "somebody-else", "another person"),
        ("sub", 7, "InvalidSubjectError"),
    ],
)
def test_an_id_token_that_is_not_for_this_sign_in_is_refused(
    world: World, okta: OidcProvider, claim: str, value: Any, reason: str
) -> None:
    def forge(claims: dict[str, Any]) -> None:
        claims.pop(claim, None)
        if value is not None:
            claims[claim] = value

    okta.forge = forge
    refused(okta, reason)


def test_an_id_token_of_another_key_is_refused(world: World, okta: OidcProvider) -> None:
    okta.key = new_key()
    refused(okta, "the ID token's signature is not the provider's")


@pytest.mark.parametrize("algorithm, key", [("none", None), ("HS256", "k" * 64)])
def test_an_id_token_without_a_public_key_is_refused(
    world: World, okta: OidcProvider, algorithm: str, key: str | None
) -> None:
    okta.header, okta.key = {"alg": algorithm}, key
    refused(okta, "algorithm")


def test_an_id_token_of_an_unknown_key_id_is_refused(world: World, okta: OidcProvider) -> None:
    okta.header = {"kid": "unknown"}
    refused(okta, "signature")


@pytest.mark.parametrize(
    "path, answer",
    [
        ("/.well-known/openid-configuration", 500),
        ("/.well-known/openid-configuration", "<html>"),
        ("/.well-known/openid-configuration", {"issuer": "https://evil.test"}),
        ("/.well-known/openid-configuration", {}),
    ],
)
def test_a_discovery_document_that_cannot_be_leads_to_the_sign_in_page(
    world: World, okta: OidcProvider, path: str, answer: Any
) -> None:
    okta.instead[path] = answer
    client = Client()
    assert client.post("/sign-in/okta")["Location"] == "/sign-in"
    assert 'role="alert"' in said(client)


@pytest.mark.parametrize(
    "path, answer",
    [
        ("/oauth2/token", 400),
        ("/oauth2/token", "not json"),
        ("/oauth2/token", "[1]"),
        ("/oauth2/token", "[" * 100_000),
        ("/oauth2/token", "x" * (2**20 + 1)),
        ("/oauth2/token", {}),
        ("/oauth2/token", {"id_token": 7}),
        ("/oauth2/token", {"id_token": "a.b.c"}),
        ("/jwks", 503),
        ("/jwks", {"keys": 7}),
        ("/jwks", {"keys": [{"kty": "RSA", "kid": "x", "n": 1}]}),
        ("/userinfo", 401),
        ("/userinfo", {"sub": "somebody-else"}),
        ("/userinfo", "null"),
    ],
)
def test_a_provider_that_answers_nonsense_brings_nobody_in(
    world: World, okta: OidcProvider, path: str, answer: Any
) -> None:
    okta.instead[path] = answer
    refused(okta, "okta: ")


def test_a_provider_that_is_down_leads_to_the_sign_in_page(world: World, settings: Any) -> None:
    discovery.forget()
    with OidcProvider().running() as gone:
        use(settings, gone)
    client = Client()
    assert client.post("/sign-in/okta")["Location"] == "/sign-in"
    assert "Okta cannot be reached" in said(client)


def test_a_provider_in_a_network_that_is_not_named_is_not_asked(
    world: World, okta: OidcProvider, settings: Any
) -> None:
    settings.ALLOWED_PRIVATE_NETWORKS = ()
    use(settings, okta, networks=[])
    client = Client()
    assert client.post("/sign-in/okta")["Location"] == "/sign-in"
    assert okta.asked == []


def test_who_says_no_at_the_provider_is_led_back(world: World, okta: OidcProvider) -> None:
    client = Client()
    come_back(client, okta.says_yes(begin(client), "sub-1", deny=True))
    assert "it was cancelled" in said(client)
    assert who(client) == ""


@pytest.mark.parametrize("query", ["", "?error=server_error", "?code=x", "?code=x&state=y", "?state=%ff&code=%ff"])
def test_a_callback_that_nobody_began_is_refused(world: World, okta: OidcProvider, query: str) -> None:
    assert Client().get(f"/sign-in/okta/callback{query}")["Location"] == "/sign-in"


def test_a_link_does_not_begin_a_sign_in(world: World, okta: OidcProvider) -> None:
    assert Client().get("/sign-in/okta").status_code == 405
    assert Client(enforce_csrf_checks=True).post("/sign-in/okta").status_code == 403


def test_a_provider_that_is_not_named_is_not_there(world: World, okta: OidcProvider) -> None:
    assert Client().post("/sign-in/github").status_code == 404
    assert Client().get("/sign-in/github/callback").status_code == 404


def test_what_a_browser_adds_to_the_address_changes_nothing(world: World, okta: OidcProvider) -> None:
    answer = Client().post("/sign-in/okta?scope=evil&auth_params=redirect_uri%3Dhttps://evil.test&process=connect")
    asked = query_of(address_on(answer.content.decode()))
    assert "evil" not in str(asked)


@pytest.mark.parametrize("column", ["is_active", "is_service"])
def test_accounts_that_are_off_or_of_scripts_do_not_come_in(world: World, okta: OidcProvider, column: str) -> None:
    okta.person("sub-1", preferred_username="anna")
    sign_in(okta, "sub-1")
    User.objects.filter(username="anna").update(**{column: column != "is_active"})
    client, answer = sign_in(okta, "sub-1")
    assert answer["Location"] == "/sign-in"
    assert who(client) == ""
    assert "This account is switched off." in said(client) or column == "is_service"


def test_an_account_may_be_needed_beforehand(world: World, okta: OidcProvider, settings: Any) -> None:
    use(settings, okta, creates_accounts=False)
    refused(okta, "creates_accounts")


@pytest.mark.parametrize(
    "wanted, claims, comes_in",
    [
        ({"required_claims": {"hd": "acme.test"}}, {"hd": "acme.test"}, True),
        ({"required_claims": {"hd": "acme.test"}}, {"hd": "acme.test.evil.test"}, False),
        ({"required_claims": {"hd": "acme.test"}}, {}, False),
        ({"required_claims": {"employee": True}}, {"employee": True}, True),
        ({"required_claims": {"employee": True}}, {"employee": "true"}, False),
        ({"required_claims": {"employee": True}}, {"employee": 1}, False),
        ({"required_groups": ["ml"]}, {"groups": ["ml", "all"]}, True),
        ({"required_groups": ["ml"]}, {"groups": "ml"}, True),
        ({"required_groups": ["ml"]}, {"groups": ["all"]}, False),
        ({"required_groups": ["ml"]}, {"groups": {"ml": True}}, False),
        ({"required_groups": ["ml"]}, {"_claim_names": {"groups": "src1"}}, False),
    ],
)
def test_the_operator_says_whose_accounts_come_in(
    world: World, okta: OidcProvider, settings: Any, wanted: Any, claims: Any, comes_in: bool
) -> None:
    use(settings, okta, **wanted)
    okta.person("sub-1", preferred_username="anna", **claims)
    client, _ = sign_in(okta, "sub-1")
    assert who(client) == ("anna" if comes_in else "")


# Accounts that are here already ---------------------------------------------------------------------


def test_an_e_mail_address_opens_nobodys_account(world: World, okta: OidcProvider) -> None:
    User.objects.filter(username="bob").update(email="bob@acme.test", confirmed_email="bob@acme.test")
    okta.person("sub-1", preferred_username="bob", email="bob@acme.test", email_verified=True)
    client, _ = sign_in(okta, "sub-1")
    assert who(client) == "bob-2"


@pytest.mark.parametrize("verified, name", [(True, "bob"), (False, "bob-2"), (None, "bob-2"), ("yes", "bob-2")])
def test_where_the_operator_wants_it_a_verified_address_does(
    world: World, okta: OidcProvider, settings: Any, verified: Any, name: str
) -> None:
    use(settings, okta, links_by_email=True)
    User.objects.filter(username="bob").update(email="Bob@acme.test", confirmed_email="Bob@acme.test")
    okta.person("sub-1", preferred_username="bob", email="bob@acme.test", email_verified=verified)
    client, _ = sign_in(okta, "sub-1")
    assert who(client) == name


def test_what_opened_a_joined_account_until_then_ends(world: World, okta: OidcProvider, settings: Any) -> None:
    """Anybody types any address into a profile; whoever typed this one shall not share the account."""
    use(settings, okta, links_by_email=True)
    User.objects.filter(username="bob").update(email="victim@acme.test", confirmed_email="victim@acme.test")
    attacker = Client()
    attacker.force_login(world.users["bob"])
    okta.person("sub-1", email="victim@acme.test", email_verified=True)
    sign_in(okta, "sub-1")
    assert who(attacker) == ""
    assert not User.objects.get(username="bob").has_usable_password()
    assert not ApiKey.objects.filter(user__username="bob").exists()


def test_a_typed_address_opens_nothing_and_keeps_nobody_from_their_account(
    world: World, okta: OidcProvider, settings: Any
) -> None:
    """Who types a colleague's address waits for them in vain, and does not make the address one of two accounts."""
    use(settings, okta, links_by_email=True)
    User.objects.filter(username="bob").update(email="victim@acme.test")
    okta.person("sub-1", preferred_username="anna", email="victim@acme.test", email_verified=True)
    assert who(sign_in(okta, "sub-1")[0]) == "anna"
    SocialAccount.objects.all().delete()
    assert who(sign_in(okta, "sub-1")[0]) == "anna"


def test_another_provider_opens_a_joined_account_no_more(world: World, okta: OidcProvider, settings: Any) -> None:
    use(settings, okta, links_by_email=True)
    bob = world.users["bob"]
    User.objects.filter(pk=bob.pk).update(email="victim@acme.test", confirmed_email="victim@acme.test")
    SocialAccount.objects.create(provider="first", uid="sub-9", user=bob)
    Authenticator.objects.create(user=bob, type=Authenticator.Type.WEBAUTHN, data={"name": "n", "credential": {}})
    okta.person("sub-1", email="victim@acme.test", email_verified=True)
    assert who(sign_in(okta, "sub-1")[0]) == "bob"
    assert [(one.provider, one.uid) for one in SocialAccount.objects.all()] == [("okta", "sub-1")]
    assert not Authenticator.objects.exists()


def test_the_word_of_the_provider_confirms_the_address(world: World, okta: OidcProvider) -> None:
    okta.person("sub-1", preferred_username="anna")
    sign_in(okta, "sub-1")
    User.objects.filter(username="anna").update(email="Anna@acme.test")
    okta.person("sub-1", email="anna@acme.test", email_verified=False)
    sign_in(okta, "sub-1")
    assert User.objects.get(username="anna").confirmed_email == ""
    okta.person("sub-1", email="anna@acme.test", email_verified=True)
    sign_in(okta, "sub-1")
    assert User.objects.get(username="anna").confirmed_email == "Anna@acme.test"


@pytest.mark.parametrize(
    "address",
    [
        "bob\u200b@acme.test",
        "bob@acme.test\u200b",
        "bob@ac\u00adme.test",
        "bob@ac\u212ae.test",
        " bob@acme.test",
        "bob@acme.test\n",
        ["bob@acme.test"],
    ],
)
def test_an_address_is_taken_as_it_stands_or_not_at_all(
    world: World, okta: OidcProvider, settings: Any, address: Any
) -> None:
    use(settings, okta, links_by_email=True)
    User.objects.filter(username="bob").update(email="bob@acme.test", confirmed_email="bob@acme.test")
    okta.person("sub-1", preferred_username="anna", email=address, email_verified=True)
    assert who(sign_in(okta, "sub-1")[0]) == "anna"
    assert User.objects.get(username="anna").email == ""


@pytest.mark.parametrize("column", ["is_superuser", "is_staff", "is_service"])
def test_a_superusers_account_is_joined_by_nobody(world: World, okta: OidcProvider, settings: Any, column: str) -> None:
    use(settings, okta, links_by_email=True)
    User.objects.filter(username="bob").update(email="bob@acme.test", confirmed_email="bob@acme.test", **{column: True})
    okta.person("sub-1", preferred_username="bob", email="bob@acme.test", email_verified=True)
    client, _ = sign_in(okta, "sub-1")
    assert who(client) == "bob-2"


def test_an_address_of_two_accounts_joins_none(world: World, okta: OidcProvider, settings: Any) -> None:
    use(settings, okta, links_by_email=True)
    User.objects.filter(username__in=("bob", "vera")).update(email="both@acme.test", confirmed_email="both@acme.test")
    okta.person("sub-1", preferred_username="anna", email="both@acme.test", email_verified=True)
    client, _ = sign_in(okta, "sub-1")
    assert who(client) == "anna"


# Confirming who one is ------------------------------------------------------------------------------


def confirm(provider: OidcProvider, client: Client, subject: str) -> Any:
    page = client.post("/sign-in/okta/again", {"next": "/authorize"}).content.decode()
    asked = query_of(address_on(page))
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    return come_back(client, provider.says_yes(address_on(page), subject))


def confirmations(client: Client) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = client.session.get("account_authentication_methods", [])
    return [record for record in records if record.get("reauthenticated")]


def test_who_is_signed_in_confirms_with_the_provider(world: World, okta: OidcProvider) -> None:
    client, _ = sign_in(okta, "sub-1")
    assert "Confirm with Okta" in client.get("/sign-in/okta/again?next=/authorize").content.decode()
    answer = confirm(okta, client, "sub-1")
    assert answer["Location"] == "/authorize"
    [record] = confirmations(client)
    assert (record["provider"], record["uid"]) == ("okta", "sub-1")
    assert record["at"] > time.time() - 60


def test_another_account_confirms_nothing(world: World, okta: OidcProvider) -> None:
    client, _ = sign_in(okta, "sub-1")
    name = who(client)
    confirm(okta, client, "sub-2")
    assert who(client) == name
    assert confirmations(client) == []
    assert not SocialAccount.objects.filter(uid="sub-2").exists()


@pytest.mark.parametrize("said_at", [None, 1_000_000_000, "now"])
def test_a_provider_that_did_not_ask_anew_confirms_nothing(
    world: World, okta: OidcProvider, settings: Any, said_at: Any
) -> None:
    client, _ = sign_in(okta, "sub-1")
    okta.forge = lambda claims: claims.update(auth_time=said_at)
    confirm(okta, client, "sub-1")
    assert confirmations(client) == []
    use(settings, okta, says_auth_time=False)
    confirm(okta, client, "sub-1")
    assert len(confirmations(client)) == (1 if said_at is None else 0)


def test_a_stranger_has_nothing_to_confirm(world: World, okta: OidcProvider) -> None:
    assert Client().get("/sign-in/okta/again")["Location"].startswith("/sign-in?next=")


# The second factor ----------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["provider", "runbell"])
def test_whether_the_providers_word_is_enough_is_a_setting(
    world: World, okta: OidcProvider, settings: Any, word: str
) -> None:
    use(settings, okta, second_factor=word)
    client, _ = sign_in(okta, "sub-1")
    request = client.get("/profile").wsgi_request
    assert is_vouched_for(request, request.user) is (word == "provider")


def test_who_has_a_second_factor_of_ours_is_not_asked_where_the_providers_word_is_enough(
    world: World, okta: OidcProvider
) -> None:
    client, _ = sign_in(okta, "sub-1")
    name = who(client)
    Authenticator.objects.create(user=User.objects.get(username=name), type="totp", data={"secret": "x"})
    client, answer = sign_in(okta, "sub-1")
    assert answer["Location"] == "/"
    assert who(client) == name


def test_who_signs_in_with_a_password_is_vouched_for_by_nobody(world: World, okta: OidcProvider) -> None:
    client = Client()
    client.post("/sign-in", {"username": "bob", "password": "bob-password"})
    request = client.get("/profile").wsgi_request
    assert request.user.username == "bob"
    assert not is_vouched_for(request, request.user)


# The command ----------------------------------------------------------------------------------------


def test_an_account_is_linked_by_the_operator_and_stays_as_it_is(world: World, okta: OidcProvider) -> None:
    call_command("link_sign_in", "bob", "okta", "sub-1")
    client, _ = sign_in(okta, "sub-1")
    assert who(client) == "bob"
    assert User.objects.get(username="bob").check_password("bob-password")
    assert ApiKey.objects.filter(user__username="bob").exists()


@pytest.mark.parametrize(
    "words, said",
    [
        (("nobody", "okta", "sub-9"), "is nobody who signs in here"),
        (("bob", "github", "sub-9"), "is not in RUNBELL_OIDC_PROVIDERS"),
        (("bob", "okta", "sub-1"), "signs in as vera already"),
    ],
)
def test_a_link_that_cannot_be_is_refused(
    world: World, okta: OidcProvider, words: tuple[str, str, str], said: str
) -> None:
    call_command("link_sign_in", "vera", "okta", "sub-1")
    with pytest.raises(CommandError, match=said):
        call_command("link_sign_in", *words)
