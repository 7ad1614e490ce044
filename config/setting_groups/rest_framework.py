"""Settings of Django REST framework and OpenAPI; `config.settings` takes them in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "teams.accounts.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "teams.accounts.key_scopes.ScopeOfKey",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.http.lenient_json.LenientJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "common.http.pagination.Pages",
    "EXCEPTION_HANDLER": "common.http.api_errors.api_error",
    "UNICODE_JSON": True,
}

_ENUM_NAMES = {
    "RunStateEnum": "projects.models.RunState",
    "ExecutionStateEnum": "automations.models.ExecutionState",
    "RoleEnum": "teams.models.Role",
    "RegistryRoleEnum": "registries.models.RegistryRole",
}


def spectacular_settings(version: str, own_address: Mapping[str, Any]) -> dict[str, Any]:
    prefix = own_address["URL_PREFIX"]
    return {
        "TITLE": "Runbell",
        "DESCRIPTION": "Automations for machine-learning teams. Send your API key as `Authorization: Bearer KEY`, "
        "or as Basic with the user `api`.",
        "VERSION": version,
        # From 3.1 on a schema is JSON Schema 2020-12: the plug-ins say theirs once, for the catalog and for this.
        "OAS_VERSION": "3.1.1",
        # Paths are those of routes; under a prefix they begin after it.
        "SERVERS": [{"url": prefix}] if prefix else [],
        "SERVE_INCLUDE_SCHEMA": False,
        "SERVE_PERMISSIONS": ["common.http.schema_readers.SchemaReaders"],
        "SWAGGER_UI_DIST": "SIDECAR",
        # Without a validator: the default one is a site on the internet.
        "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
        "SWAGGER_UI_FAVICON_HREF": own_address["STATIC_URL"] + "favicon.svg",
        "SCHEMA_PATH_PREFIX": "/api/v1",
        "COMPONENT_SPLIT_REQUEST": True,
        "ENUM_NAME_OVERRIDES": _ENUM_NAMES,
        "PREPROCESSING_HOOKS": ["integrations.rest.openapi.each_kind"],
        "POSTPROCESSING_HOOKS": [
            "drf_spectacular.hooks.postprocess_schema_enums",
            "automations.api.plugin_fields.add_plugins",
            "common.http.openapi_refusals.add_refusals",
        ],
    }
