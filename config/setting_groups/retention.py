"""Settings of retention, read from the environment: for how many days what grows is kept. 0: for ever."""

from __future__ import annotations

from config import env

_MOST = 36_500


def days() -> dict[str, int]:
    """Give the days of each kind of `operations.retention`.

    What people made is kept for ever by default (what their runs logged, their files); what Runbell wrote about it is
    not: nobody looks at the deliveries of last year, and they grow with every run.
    """
    return {
        "events": env.number("RUNBELL_RETENTION_EVENTS_DAYS", 90, least=0, most=_MOST),
        "executions": env.number("RUNBELL_RETENTION_EXECUTIONS_DAYS", 90, least=0, most=_MOST),
        "audit": env.number("RUNBELL_RETENTION_AUDIT_DAYS", 365, least=0, most=_MOST),
        "notices": env.number("RUNBELL_RETENTION_NOTICES_DAYS", 90, least=0, most=_MOST),
        "history": env.number("RUNBELL_RETENTION_HISTORY_DAYS", 0, least=0, most=_MOST),
        "run_files": env.number("RUNBELL_RETENTION_RUN_FILES_DAYS", 0, least=0, most=_MOST),
        "system_detail": env.number("RUNBELL_RETENTION_SYSTEM_DETAIL_DAYS", 0, least=0, most=_MOST),
        "system_metrics": env.number("RUNBELL_RETENTION_SYSTEM_METRICS_DAYS", 0, least=0, most=_MOST),
    }
