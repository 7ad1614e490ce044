"""Redirects of settings pages with a primary key from before all kinds shared one table, to that of today."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect


class LeadsFromFormerNumbers(admin.ModelAdmin[Any]):
    """Goes before the class of a settings page. A number of today always wins."""

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        """Lead to the same page of the row that had this number; Django's own answer where none had."""
        number = int(object_id[:18]) if object_id.isascii() and object_id.isdigit() else -1
        row = self.get_queryset(request).filter(former_id=number).first()
        if row is None:
            answer: HttpResponse = super()._get_obj_does_not_exist_redirect(request, opts, object_id)  # type: ignore[misc]
            return answer
        return redirect(request.path.replace(f"/{object_id}/", f"/{row.pk}/"))
