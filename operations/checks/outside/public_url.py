"""The public address: whether RUNBELL_URL leads here, seen from this host."""

from __future__ import annotations

import json
from collections.abc import Iterable

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from operations.checks.operator_check import Finding, Level, OperatorCheck, registry
from operations.checks.outside_service import operators_client
from outbound.addresses import Refused
from outbound.client import Request, Unreachable

_SECONDS = 5.0


@registry.register
class PublicAddressAnswers(OperatorCheck):
    """Whether `/livez` under RUNBELL_URL is answered by a Runbell."""

    key, label = "public_url", _("Public address")
    needs_database = False
    remedy = "Start web, or mend RUNBELL_URL, the proxy in front, its certificate, or the name in DNS."

    def findings(self) -> Iterable[Finding]:
        url = f"{settings.RUNBELL_URL}/livez"
        try:
            reply = operators_client().send(Request("GET", url, {}, b""), deadline_seconds=_SECONDS)
        except (Refused, Unreachable) as error:
            return [Finding(Level.PROBLEM, f"{url} is not answered, seen from here: {error}", self.remedy)]
        if reply.status != 200 or not _is_ours(reply.body):
            said = f"{url} is answered with {reply.status} by something else than Runbell."
            return [Finding(Level.PROBLEM, said, self.remedy)]
        return [Finding(Level.OK, f"{settings.RUNBELL_URL} leads here.")]


def _is_ours(body: bytes) -> bool:
    try:
        return bool(json.loads(body) == {"ok": True})
    except ValueError:
        return False
