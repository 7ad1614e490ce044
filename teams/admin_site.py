"""/admin/, which tells the audit log of who is turned away."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, TypeVar, cast

from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse

from teams import origin
from teams.accounts import RecordedPassword
from teams.forms import AdminSignInForm

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class OwnPasswordForm(RecordedPassword, AdminPasswordChangeForm):
    """As Django's sites have it."""


class AccountSite(AdminSite):
    """Tells the audit log of people who change their own password here."""

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        view = PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            template_name=self.password_change_template or "registration/password_change_form.html",
            success_url=reverse("admin:password_change_done", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        request.current_app = self.name
        return cast(TemplateResponse, view(request))


class SuperuserSite(AccountSite):
    login_form = AdminSignInForm

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        guarded = super().admin_view(view, cacheable)

        def inner(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            # Django leads on to the sign-in, which is no refusal by its status.
            leaves = request.path == reverse("admin:logout", current_app=self.name)
            if request.user.is_authenticated and not self.has_permission(request) and not leaves:
                origin.note_denial()
            return guarded(request, *args, **kwargs)

        return cast(View, update_wrapper(inner, view))
