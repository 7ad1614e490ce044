"""Every address, from the most to the least particular."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.urls import include, path
from django.views.generic import RedirectView

from config import health, views
from config.team_settings import slack_connect, team_settings

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("admin/", admin.site.urls),
    path("settings", RedirectView.as_view(pattern_name="team_settings:index")),
    path("settings/slack/connect/<str:team>", login_required(slack_connect.connect), name="connect_slack"),
    path("settings/slack/callback", login_required(slack_connect.callback), name="slack_callback"),
    path("settings/slack/workspaces/<int:pk>", login_required(slack_connect.pick), name="pick_slack_channel"),
    path("settings/", team_settings.urls),
    path("api/v1/", include("config.api")),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}favicon.svg")),
    path("<str:team>/sample", views.sample, name="sample"),
    path("<str:team>/first-steps/hide", views.hide_first_steps, name="hide_first_steps"),
    path("", include("teams.urls")),
    path("", include("wandb_api.urls")),
    path("", include("registries.urls")),
    path("", include("automations.urls")),
    # Last: their first word is anybody's.
    path("", include("projects.urls")),
]

handler404 = "config.not_found.not_found"
