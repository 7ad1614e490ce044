"""ModelAdmin of a kind without a table of its own: the settings page, made of its form."""

from __future__ import annotations

import copy
from typing import Any, ClassVar, cast

from django import forms
from django.apps.registry import Apps
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_variables

from integrations.forms import PrivateField, SecretNameField, secret_choices
from integrations.kind import FormKind
from integrations.models import Integration, RowsOfKind
from integrations.settings.kind_admin import KindAdmin
from teams import access
from teams.settings_site.forms import ServiceForm


class IntegrationPageForm(ServiceForm[Integration]):
    """The fields of the kind's form; the service checks them, as for REST."""

    kind: ClassVar[type[FormKind]]

    class Meta:
        model = Integration
        fields: ClassVar[list[str]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = self.instance if self.instance.pk else None
        teams = [row.team] if row else list(access.administered_by(self.person))
        known = {"name": row.name, "enabled": row.enabled, **row.settings} if row else {}
        for name, field in self.fields.items():
            if name in known:
                self.initial[name] = known[name]
            if isinstance(field, SecretNameField):
                choices = secret_choices(teams, now=str(known.get(name) or ""))
                self.fields[name].widget = forms.Select(choices=choices)
            if isinstance(field, PrivateField) and row:
                field.required = False

    @sensitive_variables("values")
    def perform(self, values: dict[str, Any]) -> Integration:
        sent = {name: value for name, value in values.items() if name != "team"}
        sent = {name: value for name, value in sent.items() if value or name not in self.kind.Form.private_names()}
        # Not `instance`: a refused change would leave it altered, and the page shows it.
        row = self.kind.rows().filter(pk=self.instance.pk).first()
        stored = self.kind.change(row, sent) if row else self.kind.create(values["team"], sent, by=self.person)
        # As the model that the page is of.
        return type(self.instance)._default_manager.get(pk=stored.pk)


class StoredKindAdmin(KindAdmin[Integration]):
    kind_of_rows: ClassVar[type[FormKind]]
    list_display = ("name", "leads_to", "team", "state", "automation_count", "test")
    readonly_fields = ("disabled_reason", "failing_since", "used_by", "deliveries", "test")
    exclude = ("private", "settings", "kind")

    def get_fields(self, request: HttpRequest, obj: Integration | None = None) -> tuple[str, ...]:
        typed = tuple(self.kind_of_rows.Form.base_fields)
        if obj is None:
            return ("team", *typed)
        why = tuple(name for name in ("disabled_reason", "failing_since") if getattr(obj, name))
        return ("team", *typed, *why, "used_by", "deliveries", "test")

    def leads_to(self, row: Integration) -> str:
        return self.kind.where(row)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.sensitive_post_parameters = self.kind_of_rows.Form.private_names()  # type: ignore[attr-defined]
        return super().changeform_view(request, *args, **kwargs)


def register(kind: type[FormKind], site: AdminSite) -> None:
    """Give the kind a page of its own in the settings."""
    fields = {name: copy.deepcopy(field) for name, field in kind.Form.base_fields.items()}
    add_meta = type("Meta", (IntegrationPageForm.Meta,), {"fields": ["team"]})
    add = type("NewIntegrationForm", (IntegrationPageForm,), {"kind": kind, "Meta": add_meta, **fields})
    change = type("ChangedIntegrationForm", (IntegrationPageForm,), {"kind": kind, **fields})
    about = {
        "kind_key": kind.key, "kind_of_rows": kind, "add_form": add, "change_form": change, "icon": kind.icon,
        "empty": kind.empty, "intro": kind.intro or str(kind.__doc__), "called": kind.plural,
    }  # fmt: skip
    site.register(rows_named(kind), cast(Any, type(f"{kind.__name__}Admin", (StoredKindAdmin,), about)))


def rows_named(kind: type[FormKind]) -> type[Integration]:
    """Give a proxy that is called as the kind is, for an admin site knows pages by their models.

    In a registry of its own: to migrations there is one model only, whatever kinds there are.
    """
    meta = type(
        "Meta",
        (),
        {
            "proxy": True,
            "app_label": "integrations",
            "apps": Apps(),
            "verbose_name": kind.noun,
            "verbose_name_plural": kind.plural,
        },  # fmt: skip
    )
    name = kind.settings_model
    return cast(
        type[Integration],
        type(name, (Integration,), {"__module__": __name__, "Meta": meta, "objects": RowsOfKind(kind.key)}),
    )
