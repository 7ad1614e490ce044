"""Feature flags of the SDK: `serverInfo.features`. Off, or not in this table, means it is not there.

A feature is turned on in the change that makes it work.
"""

from __future__ import annotations

FEATURES = {
    # Registries over the API, and the search across them. Without it api.registry() raises.
    "ARTIFACT_REGISTRY_SEARCH": True,
    "INCLUDE_ARTIFACT_TYPES_IN_REGISTRY_CREATION": True,
    # Artifacts.
    "ARTIFACT_TAGS": True,
    "ARTIFACT_COLLECTIONS_FILTERING_SORTING": True,
    "TOTAL_COUNT_IN_FILE_CONNECTION": True,
    "CLIENT_IDS": True,
    "PROJECT_ARTIFACT_COLLECTION_MEMBERSHIP": True,
    "ARTIFACT_MEMBERSHIP_IN_LINK_ARTIFACT_RESPONSE": True,
    # Automations. The SDK refuses what is off by itself.
    "QUERY_AUTOMATIONS_ON_ENTITY": True,
    "AUTOMATION_SCOPE_ENTITY": True,
    "AUTOMATION_EVENT_RUN_METRIC": True,
    "AUTOMATION_EVENT_RUN_METRIC_CHANGE": True,
    "AUTOMATION_EVENT_RUN_METRIC_ZSCORE": True,
    "AUTOMATION_EVENT_RUN_STATE": True,
    "AUTOMATION_EVENT_ADD_ARTIFACT_TAG": True,
    "AUTOMATION_EVENT_REMOVE_ARTIFACT_TAG": True,
    "AUTOMATION_EVENT_ADD_COLLECTION_TAG": True,
    "AUTOMATION_EVENT_REMOVE_COLLECTION_TAG": True,
    "AUTOMATION_EVENT_UNLINK_ARTIFACT": True,
    "AUTOMATION_ACTION_NO_OP": True,
    # W&B's own; Runbell has no such action.
    "AUTOMATION_ACTION_ARIA": False,
}
