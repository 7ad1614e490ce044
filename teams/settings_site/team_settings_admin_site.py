"""Team settings: Django's admin, open to the admins of teams, and narrowed to the teams they administer."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, TypeVar, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from teams import access
from teams.context_processors import LAST_TEAM
from teams.models import Team
from teams.superusers.superuser_admin_site import AccountSite, ask_before_form

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class TeamSettingsSite(AccountSite):
    """Who administers a team may enter; Django's own permission rows and `is_staff` play no part."""

    site_title = "Runbell"
    site_header = _("Team settings")
    index_title = _("Team settings")
    index_template = "admin/team_settings/index.html"

    def has_permission(self, request: HttpRequest) -> bool:
        return access.administered_by(request.user).exists()

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Let admins of teams through. Others are turned away here: Django would show a sign-in page of its own."""
        guarded = super().admin_view(view, cacheable)

        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if self.has_permission(request):
                ask_before_form(request, view)
                return guarded(request, *args, **kwargs)
            return self._turned_away(request, request.get_full_path())

        return cast(View, update_wrapper(inner, view))

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if self.has_permission(request):
            return HttpResponseRedirect(self._first_page())
        return self._turned_away(request, self._first_page())

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        context = {"teams": access.administered_by(request.user)}
        return super().index(request, {**context, **(extra_context or {})})

    def app_index(  # type: ignore[override]  # the stubs know only pages
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead back: all subjects stand on the first page."""
        return HttpResponseRedirect(self._first_page())

    def get_urls(self) -> list[URLResolver | URLPattern]:
        # "View on site" would tell the address, and so the name, of any row of any model by its number.
        return [url for url in super().get_urls() if getattr(url, "name", None) != "view_on_site"]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """Give one list of all that can be set, in the order of registration: people know nothing of our apps."""
        apps = self._build_app_dict(request, app_label).values()
        there = {model["model"]: model for app in apps for model in app["models"]}
        models = [
            {
                **there[model],
                "name": getattr(rows, "called", "") or there[model]["name"],
                "intro": getattr(rows, "intro", ""),
            }
            for model, rows in self._registry.items()
            if model in there
        ]
        app = {"name": self.index_title, "app_label": "settings", "app_url": self._first_page()}
        return [{**app, "models": models}] if models else []

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = {**super().each_context(request), "is_team_settings": True, "place": "settings"}
        return {**context, "people_team": self._looked_at(request)}

    def _looked_at(self, request: HttpRequest) -> Team | None:
        """Give the team whose people stand behind the tab: the one that was looked at last, of those administered."""
        administered = list(access.administered_by(request.user))
        last = request.session.get(LAST_TEAM, "")
        return next((team for team in administered if team.name == last), administered[0] if administered else None)

    def _first_page(self) -> str:
        return reverse("admin:index", current_app=self.name)

    def _turned_away(self, request: HttpRequest, wanted: str) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(wanted)
        raise PermissionDenied(
            _("Team settings are for the admins of a team, and you administer none. Ask an admin of your team.")
        )


team_settings = TeamSettingsSite(name="team_settings")
