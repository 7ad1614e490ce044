"""GraphQL mutation of a run's alert: `run.alert(title, text)`."""

from __future__ import annotations

from typing import Any

from projects.access import run_named
from projects.runs.alerts import alert_run
from teams.models import Role
from wandb_api.graphql import resolver_tables
from wandb_api.graphql.caller import Info, person


@resolver_tables.mutation.field("notifyScriptableRunAlert")
def notify(_: None, info: Info, input: dict[str, Any]) -> dict[str, bool]:
    run = run_named(person(info), input["entityName"], input["projectName"], input["runName"], Role.MEMBER)
    alert_run(
        run,
        title=input["title"],
        text=input["text"],
        level=input.get("severity") or "INFO",
        wait_seconds=(input.get("waitDuration") or 0) / 1000,
    )
    # Also where it waits: the script has nothing to do about that.
    return {"success": True}
