"""People, by name."""

from __future__ import annotations

from typing import Any

from teams.access import teams_of
from teams.models import User
from wandb_api import binding, pages
from wandb_api.caller import Info, person

_MOST = 50


@binding.query.field("users")
def users(_: None, info: Info, query: str | None = None) -> dict[str, Any]:
    """Those on one of the person's own teams whose name or address is, or begins or ends with, what is asked."""
    mates = User.objects.filter(memberships__team__in=teams_of(person(info)), is_active=True).distinct()
    asked = (query or "").strip()
    exact = mates.filter(username=asked) | mates.filter(email=asked)
    found = exact.distinct() if exact.exists() else mates.filter(username__icontains=asked)
    return pages.page(found.order_by("username"), first=_MOST)
