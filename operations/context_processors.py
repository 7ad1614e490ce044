"""Template context of every page: open alarms of the installation, for superusers."""

from __future__ import annotations

from django.http import HttpRequest

from operations.monitoring import alarms

# More would push the page away.
_MOST = 3


def open_alarms(request: HttpRequest) -> dict[str, object]:
    """Give what the operator should see to. It names teams and receivers: for superusers alone."""
    user = getattr(request, "user", None)
    is_operator = user is not None and user.is_active and user.is_superuser
    return {"open_alarms": list(alarms.open_alarms()[:_MOST]) if is_operator else []}
