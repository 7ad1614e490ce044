"""One line of the log for each failed delivery: which, of what, the outcome, and when it is tried again.

The outcome is the sentence that is stored of the attempt, with secrets masked; addresses, headers and bodies stay out.
"""

from __future__ import annotations

import logging
from datetime import datetime

from automations.models import Execution
from common.logs import log_context
from events import prometheus_metrics
from outbound.provider import Outcome

logger = logging.getLogger(__name__)


def log_failure(execution: Execution, outcome: Outcome, again: datetime | None) -> None:
    """Write it: a warning while another attempt follows, an error where none does."""
    fields = {
        "automation": execution.automation_id,
        "kind": prometheus_metrics.receiver_kind(execution.receiver_key),
        "attempt": execution.attempts_made,
        "next_attempt_at": again.isoformat(timespec="seconds") if again else None,
        "outcome": outcome.detail,
    }
    with log_context.about(execution=execution.pk, **({"event": execution.event_id} if execution.event_id else {})):
        logger.log(
            logging.WARNING if again else logging.ERROR,
            "delivery failed: automation %s, %s, attempt %s, next %s: %s",
            fields["automation"], fields["kind"], fields["attempt"], fields["next_attempt_at"] or "none",
            outcome.detail, extra={"fields": fields},
        )  # fmt: skip
