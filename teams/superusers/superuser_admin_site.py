"""The admin site at /admin/, which records in the audit log who is turned away."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, TypeVar, cast

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import PasswordChangeView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from teams.accounts.profile import RecordedPasswordForm
from teams.audit import actor, confirmed_identity

# What only shows. Every other page of a site changes something, or is the form of a change.
_SHOWS = frozenset({
    "index", "app_index", "login", "logout", "i18n_javascript", "autocomplete_view", "catch_all_view",
    "changelist_view", "history_view", "export", "password_change", "password_change_done",
})  # fmt: skip

# Signing in and out; and the own password, which is changed by who knows the old one.
_ASK_THEMSELVES = frozenset({"login", "logout", "password_change"})

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class OwnPasswordForm(RecordedPasswordForm, AdminPasswordChangeForm):
    """As Django's sites have it."""


def ask_before_form(request: HttpRequest, view: Callable[..., object]) -> None:
    """Have people confirm who they are before they fill in a form, not after. Raises IdentityNotConfirmed."""
    name, rows = getattr(view, "__name__", ""), getattr(view, "__self__", None)
    if request.method not in ("GET", "HEAD") or name in _SHOWS:
        return
    if isinstance(rows, ModelAdmin) and not _changes(request, rows):
        return
    confirmed_identity.require_confirmed()


def _changes(request: HttpRequest, rows: ModelAdmin[Any]) -> bool:
    return (
        rows.has_add_permission(request) or rows.has_change_permission(request) or rows.has_delete_permission(request)
    )


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


def _ask(request: HttpRequest, view: Callable[..., object]) -> None:
    """Ask before every change here: not all of it is told in the audit log."""
    ask_before_form(request, view)
    if request.method not in ("GET", "HEAD") and getattr(view, "__name__", "") not in _ASK_THEMSELVES:
        confirmed_identity.require_confirmed()


class SuperuserSite(AccountSite):
    """Has no sign-in of its own, which would ask for no second factor: everybody signs in at one place."""

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
        first = reverse("admin:index", current_app=self.name)
        if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
            wanted = first
        if self.has_permission(request):
            return HttpResponseRedirect(first)
        if not request.user.is_authenticated:
            return redirect_to_login(wanted)
        raise PermissionDenied(_("The administration is for superusers of this Runbell, and you are none."))

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        guarded = super().admin_view(view, cacheable)

        def inner(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            # Django leads on to the sign-in, which is no refusal by its status.
            leaves = request.path == reverse("admin:logout", current_app=self.name)
            if request.user.is_authenticated and not self.has_permission(request) and not leaves:
                actor.note_denial()
            elif self.has_permission(request):
                _ask(request, view)
            return guarded(request, *args, **kwargs)

        return cast(View, update_wrapper(inner, view))
