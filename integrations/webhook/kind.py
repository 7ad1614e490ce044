"""The kind `webhook`: webhooks as teams manage them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.contrib.admin import AdminSite
from django.db.models import QuerySet
from django.urls import URLPattern
from django.utils.translation import gettext_lazy as _
from rest_framework.serializers import Serializer

from automations.actions.action import Action
from events.event_types import EventType
from integrations.kind import registry
from integrations.stored_kind import KindWithRows
from integrations.webhook import services, sharing_api
from integrations.webhook.action import webhook_action
from integrations.webhook.api import WebhookSerializer, paths
from integrations.webhook.models import Webhook
from integrations.webhook.settings.pages import TeamWebhookAdmin
from integrations.webhook.settings.trial_form import WebhookTestForm
from integrations.webhook.sharing import webhooks_elsewhere
from teams.audit import audit_log
from teams.models import Team, User


@registry.register
class WebhookKind(KindWithRows):
    """Any address that takes JSON over HTTP. Its tokens and signing keys are secrets of the team, by name."""

    key = "webhook"
    label = _("Webhook")
    noun = _("webhook")
    plural = _("Webhooks")
    empty = _("The team's webhooks will be here: the addresses that automations call.")
    icon = "webhook"
    order = 1
    example = {"name": "retrain-hook", "url": "https://hooks.example.com/retrain"}
    verb_noun = "webhook"
    leads_to = _("Goes to")
    settings_model = "webhook"
    former_page = former_rest = "webhooks"
    sdk_typename, sdk_id_name = "GenericWebhookIntegration", "Webhook"
    sdk_fields = {"name": lambda row: row.name, "urlEndpoint": lambda row: row.url}
    TestForm = WebhookTestForm
    test_template = "webhook/test.html"
    list_template = "webhook/sharing.html"
    further_nouns = ("webhook_sharing",)

    @classmethod
    def rows(cls) -> QuerySet[Webhook]:
        return Webhook.objects.select_related("team")

    @classmethod
    def rows_elsewhere(cls, user: User | None, team: Team) -> QuerySet[Webhook]:
        return webhooks_elsewhere(user, team)

    @classmethod
    def where(cls, row: Webhook) -> str:
        """Say the host without the path, which may hold a token."""
        try:
            return urlsplit(str(row.url)).netloc.rpartition("@")[2]
        except ValueError:
            # An address in brackets that is none: it is shown as it cannot be taken apart.
            return str(row.url)

    @classmethod
    def serializer(cls) -> type[Serializer[Any]]:
        return WebhookSerializer

    @classmethod
    def create(cls, team: Team, values: Mapping[str, Any], *, by: User | None = None) -> Webhook:
        return services.create_webhook(team, values, by=by)

    @classmethod
    def change(cls, row: Webhook, values: Mapping[str, Any]) -> Webhook:
        return services.change_webhook(row, values)

    @classmethod
    def audit_values(cls, row: Webhook) -> dict[str, Any]:
        return audit_log.columns(row, *services.CHANGEABLE)

    @classmethod
    def secret_names(cls, row: Webhook) -> list[str]:
        return row.granted

    @classmethod
    def test_action(cls, row: Webhook, sent: Mapping[str, Any], event: type[EventType]) -> Action:
        return webhook_action(row, sent.get("payload", ""), event)

    @classmethod
    def register_settings(cls, site: AdminSite) -> None:
        site.register(Webhook, TeamWebhookAdmin)

    @classmethod
    def rest_paths(cls) -> list[URLPattern]:
        return [*sharing_api.paths, *paths]

    @classmethod
    def page_paths(cls) -> list[URLPattern]:
        return sharing_api.page_paths
