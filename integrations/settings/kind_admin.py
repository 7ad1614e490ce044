"""What the settings pages of all kinds share: state, users, tests, deliveries, removal."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from django.contrib import admin
from django.db.models import CharField, Count, Model, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as translated
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from automations.definitions.services import using
from automations.definitions.sharing import uses_by_others
from automations.models import Automation
from integrations import removal
from integrations.kind import Kind, registry
from integrations.settings.former_numbers import LeadsFromFormerNumbers
from teams.settings_site.team_scoped_admin import Scoped, StateFilter, TeamFilter

Row = TypeVar("Row", bound=Model)


class KindAdmin(LeadsFromFormerNumbers, Scoped[Row]):
    """The settings page of one kind."""

    kind_key: ClassVar[str]
    # What an automation does with one: it `posts there`.
    use: ClassVar[StrOrPromise] = "sends there"

    list_select_related: ClassVar[tuple[str, ...]] = ("team",)
    list_filter = [TeamFilter, StateFilter]
    search_fields: ClassVar[tuple[str, ...]] = ("name",)
    ordering = ("team__name", "name")

    @property
    def kind(self) -> type[Kind]:
        return registry.get(self.kind_key)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Row]:
        receiver_key = Concat(Value(f"{self.kind_key}:"), Cast(OuterRef("pk"), CharField()))
        users = Automation.objects.filter(receiver_key=receiver_key, deleted_at__isnull=True).order_by()
        count = Subquery(users.values("receiver_key").annotate(count=Count("pk")).values("count"))
        rows: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Row] = rows.annotate(automation_count=Coalesce(count, 0))
        return counted

    @admin.display(description=_("state"), ordering="enabled")
    def state(self, row: Any) -> str:
        if row.enabled:
            return translated("Enabled")
        return format_html("<strong>{}</strong> {}", translated("Disabled."), row.disabled_reason)

    @admin.display(description=_("automations"), ordering="automation_count")
    def automation_count(self, row: Any) -> int:
        return int(row.automation_count)

    @admin.display(description=_("used by"))
    def used_by(self, row: Any) -> str:
        users = self._users(row)
        rows = [(one.get_absolute_url(), one.name, one.place) for one in users if one.team_id == row.team_id]
        listed = format_html_join("", '<li><a href="{}">{}</a> in {}</li>', rows)
        # Of other teams: where, which and on whose word.
        others = [
            (one.name, one.place, one.shared_with.username if one.shared_with else "")
            for one in uses_by_others(self.kind.key_of(row), row.team)
        ]
        listed += format_html_join("", "<li>{} in {}, by {}</li>", others)
        return format_html("<ul>{}</ul>", listed) if rows or others else translated("No automation yet.")

    @admin.display(description=_("try it"))
    def test(self, row: Any) -> str:
        return format_html('<a href="{}/test">{}</a>', self.kind.home(row), translated("Send a test"))

    @admin.display(description=_("deliveries"))
    def deliveries(self, row: Any) -> str:
        said = translated("What was sent, and what was answered")
        return format_html('<a href="{}/deliveries">{}</a>', self.kind.home(row), said)

    def remove(self, row: Any) -> None:
        removal.delete(self.kind, row, confirmed=True)

    def losses(self, row: Any) -> list[str]:
        return [
            f"The automation {one.name} of {one.place} {self.use}: it will need attention, and what it sends fails."
            for one in self._users(row)
        ]

    def _users(self, row: Any) -> list[Automation]:
        return using(self.kind.key_of(row))
