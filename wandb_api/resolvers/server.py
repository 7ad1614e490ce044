"""GraphQL resolver of `serverInfo`: what this server is and can."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from wandb_api.graphql.feature_flags import FEATURES
from wandb_api.graphql.resolver_tables import query


@query.field("serverInfo")
def server_info(*_: object) -> dict[str, Any]:
    version = settings.VERSION
    return {
        # Whatever SDK asks is neither too old nor too new; which ones are tried stands in docs/wandb-sdk.md.
        "cliVersionInfo": {"max_cli_version": "9999.0.0", "min_cli_version": "0.0.0"},
        "latestLocalVersionInfo": {
            "outOfDate": False,
            "latestVersionString": version,
            "versionOnThisInstanceString": version,
        },
        "features": [{"name": name, "isEnabled": on} for name, on in FEATURES.items()],
    }
