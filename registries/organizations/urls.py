"""URL routes of organizations, and of what a team is called."""

from __future__ import annotations

from django.urls import path

from registries.organizations import pages, team_pages

_ORGANIZATION = "orgs/<str:organization>"

urlpatterns = [
    path("orgs", pages.organizations, name="organizations"),
    path(_ORGANIZATION, pages.organization, name="organization"),
    path(f"{_ORGANIZATION}/archive", pages.archive, name="archive_organization"),
    path(f"{_ORGANIZATION}/teams", pages.new_team, name="new_team"),
    path(f"{_ORGANIZATION}/domains", pages.domains, name="organization_domains"),
    path(f"{_ORGANIZATION}/people/<str:username>", pages.admin, name="organization_admin"),
    path("teams/<str:team>/name", team_pages.team_name, name="team_name"),
    path("teams/<str:team>/archive", team_pages.archive_team, name="archive_team"),
]
