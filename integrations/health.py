"""Which webhooks work: one that is gone, or fails for days without a success, is disabled and its team told."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from integrations.models import Webhook
from teams import audit, notices

# Nothing but failures for so long.
GIVEN_UP_AFTER = timedelta(days=5)


def note(recovered: Collection[int], failed: Collection[int], now: datetime) -> None:
    """Remember what came of deliveries to these webhooks; give up on those that only fail."""
    if recovered:
        Webhook.objects.filter(pk__in=recovered).update(failing_since=None)
    for webhook in Webhook.objects.filter(pk__in=failed, enabled=True) if failed else ():
        if webhook.failing_since is None:
            Webhook.objects.filter(pk=webhook.pk, failing_since=None).update(failing_since=now)
        elif now - webhook.failing_since >= GIVEN_UP_AFTER:
            since = f"{webhook.failing_since:%Y-%m-%d %H:%M} UTC"
            disable(webhook.pk, _("Every delivery has failed since %s, so the webhook was disabled.") % since)


def disable(webhook_id: int, reason: str) -> None:
    """Send there no more until a person enables it again, and tell the team. Once, however often it is asked."""
    with transaction.atomic():
        rows = Webhook.objects.filter(pk=webhook_id, enabled=True).select_related("team")
        webhook = rows.first()
        if webhook is None or not rows.update(enabled=False, disabled_reason=reason[:200]):
            return
        text = _("The webhook %(name)s is disabled. %(reason)s") % {"name": webhook.name, "reason": reason}
        notices.tell(webhook.team_id, notice_key(webhook), text, reverse(_PAGE, args=[webhook.pk]))
        before, after = {"enabled": True, "disabled_reason": ""}, {"enabled": False, "disabled_reason": reason}
        audit.record("webhook.disable", f"webhook {webhook.name}", team=webhook.team, before=before, after=after)


def enabled_again(webhook: Webhook) -> None:
    """A person trusts it again: what was told of it is settled, and its failures are counted anew."""
    webhook.disabled_reason, webhook.failing_since = "", None
    if webhook.pk:
        notices.settle(webhook.team_id, notice_key(webhook))


def notice_key(webhook: Webhook) -> str:
    return f"webhook:{webhook.pk}"


# Where an admin of the team enables it.
_PAGE = "team_settings:integrations_webhook_change"
