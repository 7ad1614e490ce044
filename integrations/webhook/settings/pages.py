"""Settings pages of a team's webhooks, with *Send a test* of what is typed."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from automations.delivery import trial_delivery
from common.data.validation_errors import without_credentials
from integrations.settings.kind_admin import KindAdmin
from integrations.webhook.models import Webhook
from integrations.webhook.preset_file import presets
from integrations.webhook.settings.rotation import rotate_page
from integrations.webhook.settings.webhook_form import SENT, ChangedWebhookForm, NewWebhookForm

# The button that tries what is typed.
TRY = "_try"


class TeamWebhookAdmin(KindAdmin[Webhook]):
    kind_key = "webhook"
    use = "calls it"
    add_form = NewWebhookForm
    change_form = ChangedWebhookForm
    intro = _("Addresses that automations call. Tokens and signing keys are secrets of the team, by name.")
    empty = _("The team's webhooks will be here: the addresses that automations call.")
    icon = "webhook"

    list_display = ("name", "address", "team", "access_token", "secret", "state", "automation_count", "test")
    readonly_fields = ("disabled_reason", "failing_since", "used_by", "deliveries", "test")
    exclude = ("private", "settings", "kind")

    add_form_template = "webhook/settings_form.html"
    change_form_template = "webhook/settings_form.html"

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin with what the preset says that the address names: `?preset=discord`."""
        chosen = presets().get(request.GET.get("preset", ""))
        given = super().get_changeform_initial_data(request)
        return {**given, **chosen.fills, "preset": chosen.key} if chosen else given

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        form = context["adminform"].form
        chosen = presets().get(form["preset"].value() or "")
        context |= {"presets": presets().values(), "chosen": chosen}
        return super().render_change_form(request, context, *args, **kwargs)

    def get_form(
        self, request: HttpRequest, obj: Webhook | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm[Webhook]]:
        form = super().get_form(request, obj, change, **kwargs)
        form.tries = TRY in request.POST  # type: ignore[attr-defined]  # a WebhookForm, which the stubs cannot know
        return form

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send a test of what is typed where that was asked for: after the transaction, and before the page is made."""
        answer = super().changeform_view(request, *args, **kwargs)
        if TRY in request.POST and isinstance(answer, TemplateResponse) and answer.context_data:
            send = answer.context_data["adminform"].form.test
            answer.context_data["sent"] = trial_delivery.result_of_test(send()) if send else None
        return answer

    def get_urls(self) -> list[URLPattern]:
        rotate = self.admin_site.admin_view(partial(rotate_page, rows=self))
        return [path("<int:pk>/rotate/", rotate, name="integrations_webhook_rotate"), *super().get_urls()]

    def get_fields(self, request: HttpRequest, obj: Webhook | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("team", *SENT)
        why = tuple(name for name in ("disabled_reason", "failing_since") if getattr(obj, name))
        return ("team", *SENT, *why, "used_by", "deliveries", "test")

    @admin.display(description=_("URL"))
    def address(self, webhook: Webhook) -> str:
        return without_credentials(webhook.url)
