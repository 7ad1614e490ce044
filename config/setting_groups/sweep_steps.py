"""Steps of the sweep for apps above the engine: strings that point up."""

from __future__ import annotations

# Each with the seconds from one time to the next, while it finds nothing to do.
SECONDS_APART: dict[str, float] = {
    "operations.monitoring.dead_mans_switch.send_heartbeat": 1,
    "operations.checks.key_fingerprints.record_key_fingerprints": 15,
    "operations.monitoring.alarms.watch_from_worker": 5,
    "operations.monitoring.failure_digest.send_digests": 60,
    "operations.deletion.purge.delete_what_is_due": 10,
    "operations.retention.removal.remove_some": 10,
    "operations.retention.project_usage.record_daily": 300,
    "operations.compaction.table_walk_progress.walk_some": 10,
    "operations.archives.archive_jobs.start_waiting": 5,
}
