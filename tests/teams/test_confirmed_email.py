"""Confirmed e-mail addresses: what shows that one is somebody's, and what nobody gets by typing it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.apps import apps
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from teams import mail_policy
from teams.accounts.api_key import store_key
from teams.email_addresses.confirmed import confirm_address, is_confirmed, is_same
from teams.joining import invitation_mail
from teams.models import ApiKey, AuditEvent, Membership, User, UserSession
from teams.sign_in.end_all_ways_in import WAYS_IN, end_all_ways_in
from tests.world import World

LINK = "https://bell.test/profile/email/confirm?token="


@pytest.fixture
def mailing(settings: Any) -> Iterator[None]:
    settings.EMAIL_HOST, settings.RUNBELL_URL = "mail.test", "https://bell.test"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    cache.clear()
    yield
    cache.clear()


def browser(world: World, name: str) -> Client:
    client = Client()
    client.force_login(world.users[name])
    return client


def type_address(world: World, name: str, address: str) -> Client:
    client = browser(world, name)
    assert client.post("/profile", {"email": address}).status_code == 302
    return client


def mailed_link(client: Client) -> str:
    client.post("/profile/email/send")
    (line,) = [line for line in mail.outbox[-1].body.splitlines() if line.startswith(LINK)]
    return line.removeprefix("https://bell.test")


def is_bobs_confirmed() -> bool:
    return is_confirmed(User.objects.get(username="bob"))


# By a mailed link -----------------------------------------------------------------------------------


def test_the_mailed_link_confirms_on_a_page_with_a_button(world: World, mailing: None) -> None:
    bob = type_address(world, "bob", "bob@new.test")
    assert "Your e-mail address is not confirmed yet" in bob.get("/profile").content.decode()
    link = mailed_link(bob)
    assert mail.outbox[0].to == ["bob@new.test"]
    page = bob.get(link)
    assert (page.status_code, "bob@new.test" in page.content.decode(), is_bobs_confirmed()) == (200, True, False)
    assert bob.post(link)["Location"] == "/profile"
    assert is_bobs_confirmed()
    assert "not confirmed yet" not in bob.get("/profile").content.decode()
    row = AuditEvent.objects.filter(verb="user.change", person=world.users["bob"]).latest("id")
    assert (row.actor, row.before) == ("bob", {"confirmed_email": "", "how": None})
    assert row.after == {"confirmed_email": "bob@new.test", "how": "mailed link"}


def test_the_link_is_no_use_to_another_person_or_to_nobody(world: World, mailing: None) -> None:
    """Who typed somebody else's address has a link sent there; whoever gets it is somebody else here, or nobody."""
    link = mailed_link(type_address(world, "bob", "vera@acme.test"))
    assert Client().post(link)["Location"].startswith("/sign-in?")
    assert browser(world, "vera").post(link).status_code == 422
    assert not is_bobs_confirmed()


def test_the_link_is_good_for_a_day_and_for_the_address_it_went_to(world: World, mailing: None) -> None:
    bob = type_address(world, "bob", "bob@new.test")
    link = mailed_link(bob)
    type_address(world, "bob", "victim@acme.test")
    assert bob.post(link).status_code == 422
    type_address(world, "bob", "bob@new.test")
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert browser(world, "bob").post(link).status_code == 422
    assert bob.post(link + "x").status_code == 422
    assert not is_bobs_confirmed()


def test_five_links_a_day_go_out(world: World, mailing: None) -> None:
    bob = type_address(world, "bob", "victim@elsewhere.test")
    for _ in range(7):
        bob.post("/profile/email/send")
    assert len(mail.outbox) == 5


def test_where_no_mail_is_set_up_the_page_says_who_confirms(world: World, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    page = type_address(world, "bob", "bob@new.test").get("/profile").content.decode()
    assert "Ask a superuser of it to confirm the address" in page


# By others ------------------------------------------------------------------------------------------


def test_a_superuser_confirms_one_and_what_they_set_is_confirmed(world: World) -> None:
    User.objects.filter(username="alice").update(is_superuser=True, is_staff=True)
    type_address(world, "bob", "bob@new.test")
    root, bob = browser(world, "alice"), world.users["bob"]
    root.post("/admin/teams/user/", {"action": "confirm_email", "_selected_action": [bob.pk]})
    assert is_bobs_confirmed()
    sent = {"username": "bob", "email": "bob@set.test", "is_active": "on", "date_joined_0": "2026-01-01",
            "date_joined_1": "00:00:00"}  # fmt: skip
    assert root.post(f"/admin/teams/user/{bob.pk}/change/", sent).status_code == 302
    assert User.objects.get(pk=bob.pk).confirmed_email == "bob@set.test"


def test_an_invitation_mailed_to_their_address_confirms_it(world: World, api: APIClient, mailing: None) -> None:
    Membership.objects.filter(user=world.users["bob"]).delete()
    bob = type_address(world, "bob", "bob@new.test")
    api.post("/api/v1/teams/acme/invitations", {"email": "Bob@new.test"}, format="json")
    invitation_mail.send_invitations()
    (link,) = [line for line in mail.outbox[0].body.splitlines() if "/invitation?token=" in line]
    bob.post(link.removeprefix("https://bell.test"))
    assert is_bobs_confirmed()


def test_an_invitation_that_was_handed_over_confirms_nothing(world: World, api: APIClient, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    Membership.objects.filter(user=world.users["bob"]).delete()
    bob = type_address(world, "bob", "bob@new.test")
    link = api.post("/api/v1/teams/acme/invitations", {"email": "bob@new.test"}, format="json").json()["link"]
    bob.post(link[link.index("/invitation?") :])
    assert Membership.objects.filter(user=world.users["bob"]).exists()
    assert not is_bobs_confirmed()


def test_letters_that_fold_to_others_make_another_address() -> None:
    assert is_same("Bob@ACME.test", "bob@acme.test")
    assert not is_same("bob@\u212aern.test", "bob@kern.test")


# What counts ----------------------------------------------------------------------------------------


def test_a_typed_address_gets_no_e_mail_and_the_admins_see_it(world: World, api: APIClient) -> None:
    organization = world.team.organization
    organization.admins.add(world.users["alice"])
    type_address(world, "bob", "victim@elsewhere.test")
    assert mail_policy.refused(organization, ["victim@elsewhere.test"]) == ["victim@elsewhere.test"]
    answer = api.get(f"/api/v1/organizations/{organization}/mail").json()
    assert answer["people_unconfirmed"] == [{"username": "bob", "email": "victim@elsewhere.test"}]
    bob = User.objects.get(username="bob")
    assert confirm_address(bob, "victim@elsewhere.test", "test")
    assert mail_policy.refused(organization, ["victim@elsewhere.test"]) == []
    assert api.get(f"/api/v1/organizations/{organization}/mail").json()["people_unconfirmed"] == []


def test_me_says_whether_it_is_confirmed(world: World, api: APIClient) -> None:
    type_address(world, "alice", "alice@new.test")
    assert api.get("/api/v1/me").json()["email_confirmed"] is False
    User.objects.filter(username="alice").update(confirmed_email="alice@new.test")
    assert api.get("/api/v1/me").json()["email_confirmed"] is True


# The end of all ways in -----------------------------------------------------------------------------

# What refers to people, and lets nobody in. A new model stands here, or in WAYS_IN.
NO_WAY_IN = {
    # Django's logs and rights; allauth's addresses, of which nothing is asked.
    "account.emailaddress", "admin.logentry", "teams.user_groups", "teams.user_user_permissions",
    # Who belongs where. An invitation leads to a team, not into an account.
    "teams.adminbygroup", "teams.deletion", "teams.invitation", "teams.membership", "teams.organization",
    "teams.organization_admins", "registries.registrymember", "registries.deletedregistry",
    "registries.deletedregistry_admins", "operations.archivejob",
    # Whose work it is, or who did it.
    "artifacts.entry", "artifacts.upload", "artifacts.version", "automations.automation", "automations.silence",
    "integrations.integration",
    "integrations.slackworkspace", "projects.run", "secrets_vault.secret", "teams.auditevent",
}  # fmt: skip


def test_each_model_that_refers_to_people_lets_nobody_in_or_is_ended() -> None:
    ways_in = {model._meta.label_lower for model in WAYS_IN}
    fields = [field for model in apps.get_models(include_auto_created=True) for field in model._meta.get_fields()]
    referring = {field.model._meta.label_lower for field in fields if field.concrete and field.related_model is User}
    assert ways_in <= referring
    assert referring - ways_in == NO_WAY_IN


def test_all_ways_in_end(world: World) -> None:
    bob = world.users["bob"]
    client = browser(world, "bob")
    store_key(bob, "more", "bobs_other_key_".ljust(44, "x"))
    SocialAccount.objects.create(provider="okta", uid="sub-9", user=bob)
    for kind in Authenticator.Type.values:
        Authenticator.objects.create(user=bob, type=kind, data={"name": "n"})
    end_all_ways_in(bob)
    assert not client.get("/profile").wsgi_request.user.is_authenticated
    assert not User.objects.get(pk=bob.pk).has_usable_password()
    assert [model for model in WAYS_IN if model.objects.filter(user=bob).exists()] == []  # type: ignore[attr-defined]
    assert ApiKey.objects.exclude(user=bob).exists()
    assert UserSession.objects.filter(user=bob).count() == 0
    row = AuditEvent.objects.get(verb="sign_in.unlink")
    assert (row.person, row.before) == (bob, {"provider": "okta", "subject": "sub-9"})
