"""A place gets another name at /admin/: what listens there says it, as where a service renames it.

Here, and not where those pages are made: they stand below automations, and know none.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from artifacts.models import Registry
from automations.definitions.renaming import say_names_in
from projects.admin import ProjectAdmin
from projects.models import Project
from registries.admin import RegistryAdmin
from teams.admin import OrganizationAdmin, TeamAdmin
from teams.models import Organization, Team
from teams.names.renaming import keep_name

for model in (Organization, Team, Project, Registry):
    admin.site.unregister(model)


class SaysNames(admin.ModelAdmin[Any]):
    """Tells automations in Django's own transaction, and lets the name of before lead on."""

    names_are_of: ClassVar[str] = ""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if "name" in form.changed_data and change:
            say_names_in(form.instance)
            row = form.instance
            keep_name(row._meta.model_name, form.initial["name"], row.name, row.pk, self.name_owner(row))

    def name_owner(self, row: Any) -> int:
        """Give whose the names are: a team's projects', an organization's registries', or everybody's."""
        return getattr(row, self.names_are_of, 0) if self.names_are_of else 0


@admin.register(Organization)
class RenamedOrganizationAdmin(SaysNames, OrganizationAdmin):
    """An organization, its registries and their collections."""


@admin.register(Team)
class RenamedTeamAdmin(SaysNames, TeamAdmin):
    """A team, its projects and their collections."""


@admin.register(Project)
class RenamedProjectAdmin(SaysNames, ProjectAdmin):
    """A project and its collections."""

    names_are_of = "team_id"


@admin.register(Registry)
class RenamedRegistryAdmin(SaysNames, RegistryAdmin):
    """A registry and its collections."""

    names_are_of = "organization_id"
