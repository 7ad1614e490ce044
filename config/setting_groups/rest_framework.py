"""Settings of Django REST framework and OpenAPI; `config.settings` takes them in."""

from __future__ import annotations

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


def spectacular_settings(version: str, static_url: str) -> dict[str, Any]:
    return {
        "TITLE": "Runbell",
        "DESCRIPTION": "Automations for machine-learning teams. Send your API key as `Authorization: Bearer KEY`, "
        "or as Basic with the user `api`.",
        "VERSION": version,
        # From 3.1 on a schema is JSON Schema 2020-12: the plug-ins say theirs once, for the catalog and for this.
        "OAS_VERSION": "3.1.1",
        "SERVE_INCLUDE_SCHEMA": False,
        "SERVE_PERMISSIONS": ["common.http.schema_readers.SchemaReaders"],
        "SWAGGER_UI_DIST": "SIDECAR",
        # Without a validator: the default one is a site on the internet.
        "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
        "SWAGGER_UI_FAVICON_HREF": static_url + "favicon.svg",
        "SCHEMA_PATH_PREFIX": "/api/v1",
        "COMPONENT_SPLIT_REQUEST": True,
        "ENUM_NAME_OVERRIDES": {
            "RunStateEnum": "projects.models.RunState",
            "ExecutionStateEnum": "automations.models.ExecutionState",
            "RoleEnum": "teams.models.Role",
            "RegistryRoleEnum": "registries.models.RegistryRole",
        },
        "PREPROCESSING_HOOKS": ["integrations.rest.openapi.each_kind"],
        "POSTPROCESSING_HOOKS": [
            "drf_spectacular.hooks.postprocess_schema_enums",
            "automations.api.plugin_fields.add_plugins",
            "common.http.openapi_refusals.add_refusals",
        ],
    }
