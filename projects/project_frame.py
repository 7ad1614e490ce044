"""Page frame of a project: navigation and what else stands around each of its pages."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from common.pages.sections import Named, sections
from projects.models import Project
from teams.models import User
from teams.team_frame import team_page

_SECTIONS: tuple[Named, ...] = (
    ("project", _("Overview"), "projects"),
    ("runs", _("Runs"), "run"),
    ("artifacts", _("Artifacts"), "artifact"),
    ("automations", _("Automations"), "bell"),
    ("history", _("History"), "history"),
)


def project_page(user: User, project: Project, section: str) -> dict[str, Any]:
    """Give what stands around each page of a project; `section` is the URL name of the section it belongs to."""
    beside = sections(_("Project"), _SECTIONS, of=(project.team.name, project.name), current=section)
    frame = team_page(user, project.team)
    if project.archived_at is not None:
        frame |= {"may_change": False, "may_administer": False}
    return {**frame, "project": project, "sections": beside}
