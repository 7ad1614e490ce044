"""/admin/, which tells the audit log of who is turned away."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import TypeVar, cast

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from teams import origin
from teams.forms import AdminSignInForm

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class SuperuserSite(AdminSite):
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
