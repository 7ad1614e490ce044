"""Read-only and placed rows in Django admin: what the pages of /admin/ share."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

Row = TypeVar("Row", bound=Model)

admin.site.site_title = "Runbell"
admin.site.site_header = "Administration"
admin.site.index_title = "Administration"


class PlacedAdmin(admin.ModelAdmin[Row]):
    """Shows rows that stay where they were made: `stays` are the columns that say where."""

    stays: ClassVar[tuple[str, ...]] = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[Any, ...]:
        fields = super().get_readonly_fields(request, obj)
        return (*fields, *self.stays) if obj else tuple(fields)


class ReadOnlyAdmin(admin.ModelAdmin[Row]):
    """Shows rows that only services write: changed by hand they would pass the services' checks by."""

    # Counting all rows of a large table takes longer than showing a page of them.
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
