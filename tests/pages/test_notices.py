"""What the admins of a team should see to stands above every page of theirs."""

from __future__ import annotations

from django.test import Client

from teams.notices.team_notices import open_notice, open_notices
from tests.pages.people import text
from tests.world import World

TEXT = "The webhook hook is disabled."


def test_an_admin_sees_a_notice_on_every_page_and_a_member_on_none(alice: Client, bob: Client, world: World) -> None:
    open_notice(world.team, "webhook:1", TEXT, "/acme/integrations")
    for address in ("/acme", "/automations", "/settings/", "/profile"):
        assert TEXT in text(alice.get(address)), address
        assert TEXT not in text(bob.get(address, follow=True)), address


def test_a_notice_that_is_dismissed_is_gone_and_one_stays_where_one_is(alice: Client, world: World) -> None:
    open_notice(world.team, "webhook:1", TEXT)
    (notice,) = open_notices([world.team])
    answer = alice.post(f"/notices/{notice.pk}/dismiss", {"next": "/automations"})
    assert answer["Location"] == "/automations"
    assert TEXT not in text(alice.get("/acme"))


def test_nobody_dismisses_what_is_not_theirs_to_see_to(bob: Client, charlie: Client, world: World) -> None:
    open_notice(world.team, "webhook:1", TEXT)
    (notice,) = open_notices([world.team])
    for client in (bob, charlie):
        assert client.post(f"/notices/{notice.pk}/dismiss").status_code == 404
    assert open_notices([world.team]).exists()


def test_a_notice_leads_to_no_other_site(alice: Client, world: World) -> None:
    open_notice(world.team, "webhook:1", TEXT)
    (notice,) = open_notices([world.team])
    assert alice.post(f"/notices/{notice.pk}/dismiss", {"next": "https://evil.test/"})["Location"] == "/"
