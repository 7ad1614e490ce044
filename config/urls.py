"""URL routes: every address, from the most to the least particular."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from config import health, not_found
from integrations import urls as integrations
from operations.monitoring import metrics_page
from operations.retention import pages as retention
from sample import naming_page, views
from teams.settings_site.team_settings_admin_site import team_settings

urlpatterns = [
    path("livez", health.livez, name="livez"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics_page.metrics, name="prometheus_metrics"),
    # What monitors look for elsewhere. A page to sign in at would tell them that all is well.
    path("health", not_found.team_health),
    path("admin/", admin.site.urls),
    path("settings", RedirectView.as_view(pattern_name="team_settings:index")),
    *integrations.of_kinds(),
    path("settings/retention/<str:team>", retention.team_retention, name="team_retention"),
    path("settings/", team_settings.urls),
    path("api/v1/", include("config.api")),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}favicon.svg")),
    path("home/names", naming_page.first_names, name="first_names"),
    path("<str:team>/sample", views.sample, name="sample"),
    path("<str:team>/first-steps/hide", views.hide_first_steps, name="hide_first_steps"),
    path("", include("operations.urls")),
    path("", include("teams.urls")),
    path("teams/", include("teams.people.urls")),
    path("", include("registries.organizations.urls")),
    path("", include("wandb_api.urls")),
    path("", include("registries.urls")),
    path("", include("automations.urls")),
    path("", include("integrations.urls")),
    # Last: their first word is anybody's.
    path("", include("projects.urls")),
]

handler404 = "config.not_found.not_found"
handler500 = "common.outages.outage_answer.internal_error"
