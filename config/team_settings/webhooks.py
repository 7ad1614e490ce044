"""A team's webhooks: where its automations may send."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import quote

from django.contrib import admin
from django.db.models import CharField, Count, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as translated
from django.utils.translation import gettext_lazy as _

from automations import services as automations
from automations import testing
from automations.models import Automation
from common.refusals import without_credentials
from config.team_settings.rotation import rotate_page
from config.team_settings.scoped import Scoped, StateFilter, TeamFilter
from config.team_settings.site import team_settings
from config.team_settings.webhook_form import SENT, ChangedWebhookForm, NewWebhookForm
from integrations.models import Webhook
from integrations.preset import presets
from integrations.providers.webhook import endpoint_of

# The button that tries what is typed.
TRY = "_try"


@admin.register(Webhook, site=team_settings)
class WebhookAdmin(Scoped[Webhook]):
    add_form = NewWebhookForm
    change_form = ChangedWebhookForm
    intro = _("Addresses that automations call. Tokens and signing keys are secrets of the team, by name.")
    empty = _("The team's webhooks will be here: the addresses that automations call.")
    icon = "webhook"

    list_display = ("name", "address", "team", "access_token", "secret", "state", "automation_count", "test")
    list_select_related = ("team",)
    list_filter = [TeamFilter, StateFilter]
    readonly_fields = ("disabled_reason", "failing_since", "used_by", "deliveries", "test")
    search_fields = ("name", "url")
    search_help_text = _("Search by name or URL")
    ordering = ("team__name", "name")

    add_form_template = "admin/team_settings/webhook_form.html"
    change_form_template = "admin/team_settings/webhook_form.html"

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
            answer.context_data["sent"] = testing.shown(send()) if send else None
        return answer

    def get_urls(self) -> list[URLPattern]:
        rotate = self.admin_site.admin_view(partial(rotate_page, rows=self))
        return [path("<int:pk>/rotate/", rotate, name="integrations_webhook_rotate"), *super().get_urls()]

    def get_fields(self, request: HttpRequest, obj: Webhook | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("team", *SENT)
        why = tuple(name for name in ("disabled_reason", "failing_since") if getattr(obj, name))
        return ("team", *SENT, *why, "used_by", "deliveries", "test")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Webhook]:
        target = Concat(Value("webhook:"), Cast(OuterRef("pk"), CharField()))
        users = Automation.objects.filter(target=target, deleted_at__isnull=True).order_by()
        count = Subquery(users.values("target").annotate(count=Count("pk")).values("count"))
        return super().get_queryset(request).annotate(automation_count=Coalesce(count, 0))

    @admin.display(description=_("URL"), ordering="url")
    def address(self, webhook: Webhook) -> str:
        return without_credentials(webhook.url)

    @admin.display(description=_("state"), ordering="enabled")
    def state(self, webhook: Webhook) -> str:
        if webhook.enabled:
            return translated("Enabled")
        return format_html("<strong>{}</strong> {}", translated("Disabled."), webhook.disabled_reason)

    @admin.display(description=_("automations"), ordering="automation_count")
    def automation_count(self, webhook: Any) -> int:
        return int(webhook.automation_count)

    @admin.display(description=_("used by"))
    def used_by(self, webhook: Webhook) -> str:
        rows = [(one.get_absolute_url(), one.name, one.project) for one in _users(webhook)]
        listed = format_html_join("", '<li><a href="{}">{}</a> in {}</li>', rows)
        return format_html("<ul>{}</ul>", listed) if rows else translated("No automation yet.")

    @admin.display(description=_("try it"))
    def test(self, webhook: Webhook) -> str:
        address = f"{webhook.team.get_absolute_url()}/webhooks/{quote(webhook.name)}/test"
        return format_html('<a href="{}">{}</a>', address, translated("Send a test"))

    @admin.display(description=_("deliveries"))
    def deliveries(self, webhook: Webhook) -> str:
        address = f"{webhook.team.get_absolute_url()}/webhooks/{quote(webhook.name)}/deliveries"
        return format_html('<a href="{}">{}</a>', address, translated("What was sent, and what was answered"))

    def remove(self, row: Webhook) -> None:
        automations.delete_webhook(row, confirmed=True)

    def losses(self, row: Webhook) -> list[str]:
        return [
            f"The automation {one.name} of {one.project} calls it: it will need attention, and what it sends fails."
            for one in _users(row)
        ]


def _users(webhook: Webhook) -> list[Automation]:
    return automations.using(endpoint_of(webhook).key)
