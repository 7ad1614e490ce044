"""The audit log of the teams a person administers: read here, and exported as a file."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from common.pages.list_filters import ListFilter
from common.templatetags.formatting import exactly
from teams import access
from teams.audit import reading
from teams.models import AuditEvent, User
from teams.settings_site.team_scoped_admin import Rows, Scoped, TeamFilter
from teams.settings_site.team_settings_admin_site import team_settings


class SubjectFilter(admin.SimpleListFilter):
    title = _("subject")
    parameter_name = "about"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [(noun, capfirst(noun.replace("_", " "))) for noun in reading.NOUNS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return reading.matching(queryset, {"verb": self.value() or ""})


class Log(Rows):
    def selects(self) -> list[ListFilter]:
        """Give the filters for the bar of other pages: there are more subjects than stand in a line."""
        return [
            ListFilter(str(one.parameter_name), _("Every %s") % one.title, one.lookup_choices, one.value() or "")
            for one in self.filter_specs
            if isinstance(one, admin.SimpleListFilter)
        ]


@admin.register(AuditEvent, site=team_settings)
class AuditAdmin(Scoped[AuditEvent]):
    intro = _("Every change to what a team set up, and everybody who was refused. It is only ever added to.")
    empty = _("Each change will be here: who did what, when and from where.")
    icon = "history"

    change_list_template = "admin/team_settings/audit_list.html"
    actions = []
    show_full_result_count = False
    called = _("Audit log")

    list_display = ("when", "actor", "verb", "about", "place", "through", "address")
    list_filter = [TeamFilter, SubjectFilter]
    search_fields = ("actor", "target")
    search_help_text = _("Search who, or about what")
    ordering = ("-id",)
    fields = readonly_fields = (
        "when", "actor", "verb", "about", "place", "earlier", "later", "through", "address", "agent", "key",
    )  # fmt: skip
    fixed = ()

    def narrowed(self, rows: QuerySet[AuditEvent], user: User) -> QuerySet[AuditEvent]:
        return reading.of_teams(access.administered_by(user))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Log

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        return False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        # Not the form of a service: there is nothing to send.
        return admin.ModelAdmin.get_form(self, request, obj, change, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        export = path("export/<str:form>", self.admin_site.admin_view(self.export), name="teams_auditevent_export")
        return [export, *super().get_urls()]

    def export(self, request: HttpRequest, form: str) -> HttpResponseBase:
        """Give what the list shows now, with its filters."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if form not in reading.FORMS:
            raise Http404
        rows = self.get_changelist_instance(request).get_queryset(request)
        return reading.exported(rows, form)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Refuse: a row has no history."""
        raise PermissionDenied

    @admin.display(description=_("when"), ordering="id")
    def when(self, event: AuditEvent) -> str:
        return exactly(event.at)

    @admin.display(description=_("about"), ordering="target")
    def about(self, event: AuditEvent) -> str:
        return event.target

    @admin.display(description=_("through"), ordering="door")
    def through(self, event: AuditEvent) -> str:
        return event.door

    @admin.display(description=_("before"))
    def earlier(self, event: AuditEvent) -> str:
        return _as_json(event.before)

    @admin.display(description=_("after"))
    def later(self, event: AuditEvent) -> str:
        return _as_json(event.after)


def _as_json(values: Any) -> str:
    return format_html("<pre>{}</pre>", json.dumps(values, ensure_ascii=False, indent=2)) if values else "—"
