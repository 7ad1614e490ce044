"""Addresses from before all kinds had one family of them: pages lead on, REST says where to go."""

from __future__ import annotations

import pytest
from django.test import Client
from rest_framework.test import APIClient


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/acme/webhooks", "/acme/integrations"),
        ("/acme/webhooks/two%20words/test", "/acme/integrations/webhook/two%20words/test"),
        ("/acme/webhooks/hook/deliveries?state=failed", "/acme/integrations/webhook/hook/deliveries?state=failed"),
        ("/acme/slack/alerts/deliveries", "/acme/integrations/slack/alerts/deliveries"),
    ],
)
def test_a_page_leads_to_its_new_address(old: str, new: str) -> None:
    assert Client().get(old)["Location"] == new


def test_a_form_that_is_sent_to_a_former_address_is_sent_on_whole() -> None:
    answer = Client().post("/acme/webhooks/hook/redeliver?since=now", {"since": "2026-01-05T12:00"})
    assert answer.status_code == 307
    assert answer["Location"] == "/acme/integrations/webhook/hook/redeliver?since=now"


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("webhooks", "webhook"),
        ("webhooks/hook", "webhook/hook"),
        ("webhooks/hook/test", "webhook/hook/test"),
        ("slack-channels/alerts", "slack/alerts"),
    ],
)
def test_rest_says_the_new_address(api: APIClient, method: str, old: str, new: str) -> None:
    answer = getattr(api, method)(f"/api/v1/teams/acme/{old}")
    assert answer.status_code == 410
    assert answer.json()["detail"] == f"This address has moved. Use /api/v1/teams/acme/integrations/{new}."
