"""Page frame of a registry: navigation and what else stands around each of its pages."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from artifacts.models import Registry
from common.pages.sections import Named, sections
from registries import access
from registries.models import RegistryRole
from teams.models import User

_SECTIONS: tuple[Named, ...] = (
    ("registry", _("Collections"), "artifact"),
    ("registry_automations", _("Automations"), "bell"),
    ("registry_history", _("History"), "history"),
    ("registry_members", _("Members"), "team"),
)


def registry_page(user: User, registry: Registry, section: str) -> dict[str, Any]:
    """Give what stands around each page of a registry; `section` is the URL name of the section it belongs to."""
    place = (registry.organization.name, registry.name)
    return {
        "registry": registry,
        "may_change": access.may(user, registry, RegistryRole.MEMBER),
        "may_administer": access.may(user, registry, RegistryRole.ADMIN),
        "may_unarchive": access.role_in(user, registry) == RegistryRole.ADMIN,
        "sections": sections(_("Registry"), _SECTIONS, of=place, current=section),
        "place": "registries",
    }
