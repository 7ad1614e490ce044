"""A settings page whose new row is shown once, in the answer that makes it: an API key, the link of an invitation."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.debug import sensitive_variables
from django_stubs_ext import StrOrPromise

from teams.settings_site.forms import ServiceForm
from teams.settings_site.team_scoped_admin import Row, Scoped


class ShownOnce(Scoped[Row]):
    """Nothing is changed here: rows are made, shown once, and taken back."""

    once_template: ClassVar[str]
    once_title: ClassVar[StrOrPromise]

    def shown_once(self, form: Any) -> dict[str, Any]:
        """Give what the answer shows of the new row; `form` made it."""
        raise NotImplementedError

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    @sensitive_variables("form")
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show it in this answer and nowhere else: a redirect could not, and messages are kept in cookies."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = self.get_form(request)(request.POST or None)
        if not isinstance(form, ServiceForm) or not self._made(request, form):
            return super().add_view(request, form_url, extra_context)
        request.current_app = self.admin_site.name  # where {% url %} looks
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": self.once_title}
        return TemplateResponse(request, self.once_template, {**context, **self.shown_once(form)})

    def _made(self, request: HttpRequest, form: ServiceForm[Row]) -> bool:
        with transaction.atomic():
            if not form.is_valid():
                return False
            self.log_addition(request, form.instance, [{"added": {}}])
            return True
