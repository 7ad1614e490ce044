"""Audited Django admin: record what superusers change at /admin/, where no service stands between."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlencode

from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from teams.audit import audit_log

Row = TypeVar("Row", bound=Model)


class AuditedAdmin(admin.ModelAdmin[Row]):
    """Records each row that is made, changed or deleted, as `noun.create` and so on, in Django's own transaction."""

    noun: ClassVar[str]
    audited_fields: ClassVar[tuple[str, ...]]
    audited_many: ClassVar[tuple[str, ...]] = ()

    def owners(self, row: Row) -> dict[str, Any]:
        """Give `team`, `organization` or `person`: who may read of it."""
        return {"team": None}

    def save_model(self, request: HttpRequest, obj: Row, form: Any, change: bool) -> None:
        # Read anew: the form has put its values into `obj` already.
        stored = type(obj)._default_manager.get(pk=obj.pk) if change else None
        form.audited_before = self.audited_values(stored) if stored is not None else None
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        row = form.instance
        self.record("change" if change else "create", row, before=form.audited_before, after=self.audited_values(row))
        for formset in formsets:
            self.record_inline(formset)

    def record_inline(self, formset: Any) -> None:
        """Record what a formset of related rows has saved."""

    def delete_model(self, request: HttpRequest, obj: Row) -> None:
        with transaction.atomic():
            self.record_removal(obj)
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Row]) -> None:
        with transaction.atomic():
            for row in queryset:
                self.record_removal(row)
            super().delete_queryset(request, queryset)

    def record_removal(self, row: Row) -> None:
        self.record("delete", row, before=self.audited_values(row))

    def record(self, what: str, row: Row, **sides: Any) -> None:
        sides = {"team": None, **self.owners(row), **sides}
        audit_log.record(f"{self.noun}.{what}", f"{self.opts.verbose_name} {row}", **sides)

    def audited_values(self, row: Row) -> dict[str, Any]:
        many = {name: sorted(map(str, getattr(row, name).all())) for name in self.audited_many}
        return {**audit_log.columns(row, *self.audited_fields), **many}


class DeletedWholeAdmin(AuditedAdmin[Row]):
    """Rows that go with all that is in them: deleted by the page that counts it first and can be undone.

    Django's own refuses what other rows refer to, and forgets files.
    """

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None or not self.has_delete_permission(request, row):
            return super().delete_view(request, object_id, extra_context)
        return redirect(f"{reverse('delete')}?{urlencode({'kind': self.noun, 'name': str(row)})}")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        found = super().get_actions(request)
        return {name: action for name, action in found.items() if name != "delete_selected"}


def role_changes(formset: Any) -> Iterable[tuple[str, Any, dict[str, Any]]]:
    """Give what a formset did: the verb, the row, and its `before` and `after` of the role."""
    for row in formset.new_objects:
        yield "add", row, {"after": {"role": row.role}}
    for row, _fields in formset.changed_objects:
        before = next(form.initial.get("role") for form in formset.forms if form.instance is row)
        yield "change", row, {"before": {"role": before}, "after": {"role": row.role}}
    for row in formset.deleted_objects:
        yield "remove", row, {"before": {"role": row.role}}
