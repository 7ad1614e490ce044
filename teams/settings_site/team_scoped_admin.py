"""ModelAdmin scoped to the teams that a person administers: what every list and page of team settings shares."""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.actions import delete_selected
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import ForeignKey, Model, QuerySet
from django.forms import ModelChoiceField, ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as translated
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from teams import access
from teams.accounts.signed_in import person
from teams.models import User
from teams.settings_site.forms import ServiceForm

Row = TypeVar("Row", bound=Model)


class TeamFilter(admin.SimpleListFilter):
    """Offers the teams that the person administers, and tells of no other."""

    title = _("team")
    parameter_name = "team"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [(team.name, team.name) for team in access.administered_by(request.user)]

    def has_output(self) -> bool:
        return len(self.lookup_choices) > 1

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(team__name=self.value()) if self.value() else queryset


class StateFilter(admin.SimpleListFilter):
    """Offers what receivers may be, in the words of their column."""

    title = _("state")
    parameter_name = "enabled__exact"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [("1", translated("Enabled")), ("0", translated("Disabled"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(enabled=self.value() == "1") if self.value() in {"0", "1"} else queryset


class Rows(ChangeList):
    def is_narrowed(self) -> bool:
        return bool(self.query or self.has_active_filters)

    def is_empty(self) -> bool:
        """Whether there is nothing at all yet, and not only nothing that a search or a filter leaves."""
        return not (self.result_count or self.is_narrowed())


class Scoped(admin.ModelAdmin[Row]):
    """Shows, changes and removes only what `narrowed` leaves; what it leaves out does not exist for the person.

    Making and changing go through `add_form` and `change_form`, removing through `remove`: each asks a service.
    """

    add_form: type[ServiceForm[Row]]
    change_form: type[ServiceForm[Row]]
    fixed: tuple[str, ...] = ("team",)
    intro: StrOrPromise = ""
    # What people call the list, where that is not the plural of its rows.
    called: StrOrPromise = ""
    # What a list without rows says and shows: what will be here.
    empty: StrOrPromise = ""
    icon = "settings"

    view_on_site = False
    search_help_text = _("Search by name")
    empty_value_display = "–"
    show_facets = admin.ShowFacets.NEVER
    actions = ["delete_selected"]
    list_filter = [TeamFilter]
    change_list_template = "admin/team_settings/change_list.html"
    delete_confirmation_template = "admin/team_settings/delete_confirmation.html"
    delete_selected_confirmation_template = "admin/team_settings/delete_selected_confirmation.html"

    def narrowed(self, rows: QuerySet[Row], user: User) -> QuerySet[Row]:
        """Leave the rows this person may see and change."""
        return rows.filter(team__in=access.administered_by(user))

    def remove(self, row: Row) -> None:
        """Have the service remove the row. Raises ValidationError."""
        raise NotImplementedError

    def losses(self, row: Row) -> list[str]:
        """Say what else will no longer work without the row."""
        return []

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Row | None:
        """Give the row; one of another team is not found, and the audit log tells of who looked for it."""
        row = super().get_object(request, object_id, from_field)
        if row is None:
            self._note_hidden(object_id)
        return row

    def _note_hidden(self, object_id: str) -> None:
        rows = self.model._default_manager.all()
        if object_id.isascii() and object_id.isdigit() and rows.filter(pk=int(object_id[:18])).exists():
            self.note_denial(rows.filter(pk=int(object_id[:18])))

    def note_denial(self, rows: QuerySet[Row]) -> None:
        """Tell the owner of the row that somebody looked for it."""
        access.note_hidden(rows)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Row]:
        return self.narrowed(super().get_queryset(request), person(request))

    def has_view_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        if not self.admin_site.has_permission(request):
            return False
        return obj is None or self.get_queryset(request).filter(pk=obj.pk).exists()

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return self.has_view_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return self.has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Take from the address only what the filters offer: others could ask about what is not shown."""
        return lookup in {getattr(one, "parameter_name", f"{one}__exact") for one in self.list_filter}

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        # Django takes this word for a new row even where `save_as` is off, and would pass `add_view` by.
        if "_saveasnew" in request.POST:
            raise PermissionDenied
        one_button = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().changeform_view(request, object_id, form_url, {**one_button, **(extra_context or {})})

    def get_form(
        self, request: HttpRequest, obj: Row | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm[Row]]:
        kwargs["form"] = self.change_form if obj else self.add_form
        # A class made for this request alone, so it may know who asks.
        form = super().get_form(request, obj, change, **kwargs)
        form.person = person(request)  # type: ignore[attr-defined]  # a ServiceForm, which the stubs cannot know
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Row | None = None) -> tuple[str, ...]:
        return (*self.fixed, *self.readonly_fields) if obj else ()

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        if db_field.name == "team":
            teams = access.administered_by(request.user)
            kwargs["queryset"] = teams
            if len(teams) == 1:
                kwargs |= {"initial": teams[0], "empty_label": None}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Row, form: Any, change: bool) -> None:
        """Do nothing: the service has stored the row when the form was checked."""

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        columns = list(self.list_display)
        if access.administered_by(request.user).count() == 1:
            return [column for column in columns if column != "team"]
        return columns

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Rows

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        title = self.called or capfirst(self.opts.verbose_name_plural)
        context = {"title": title, "intro": self.intro, "empty": self.empty, "icon_name": self.icon}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def delete_model(self, request: HttpRequest, obj: Row) -> None:
        self.remove(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Row]) -> None:
        for row in queryset:
            self.remove(row)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except ValidationError as error:
            self._tell(request, error)
            return HttpResponseRedirect(self._address("changelist"))

    @admin.action(permissions=["delete"], description=_("Delete selected %(verbose_name_plural)s"))
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[Row]) -> HttpResponseBase | None:
        """Remove all of them or, where the service refuses one, none."""
        try:
            with transaction.atomic():
                return delete_selected(self, request, queryset)
        except ValidationError as error:
            self._tell(request, error)
            return None

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[list[Any], dict[str, int], set[str], Any]:
        """List the rows, and under each what will no longer work without it. Nothing else goes with them."""
        rows = list(objs)
        listed: list[Any] = []
        for row in rows:
            listed.append(format_html('<a href="{}">{}</a>', self._address("change", row.pk), row))
            listed.extend([losses] if (losses := self.losses(row)) else [])
        missing = {row for row in rows if not self.has_delete_permission(request, row)}
        return listed, {}, {str(self.opts.verbose_name)} if missing else set(), []

    def _tell(self, request: HttpRequest, error: ValidationError) -> None:
        self.message_user(request, " ".join(error.messages), messages.ERROR)

    def _address(self, page: str, *args: object) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(name, args=args, current_app=self.admin_site.name)
