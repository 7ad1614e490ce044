"""Retention of notices to a team's admins."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from operations.retention.retention_kind import AgedRows, registry
from teams.models import Notice


@registry.register
class NoticeRetention(AgedRows):
    """Notices that are settled or dismissed. One that is open stays, however old it is."""

    key = "notices"
    label = _("Notices")
    moment_column = "settled_at"

    def removable(self) -> QuerySet[Notice]:
        return Notice.objects.filter(settled_at__isnull=False)
