"""How REST and its OpenAPI are set up; `config.settings` takes it in."""

from __future__ import annotations

from typing import Any

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "teams.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.parsers.LenientJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "common.pagination.Pages",
    "EXCEPTION_HANDLER": "common.answers.answer",
    "UNICODE_JSON": True,
}


def spectacular_settings(version: str, static_url: str) -> dict[str, Any]:
    return {
        "TITLE": "Runbell",
        "DESCRIPTION": "Automations for machine-learning teams. Send your API key as `Authorization: Bearer KEY`, "
        "or as Basic with the user `api`.",
        "VERSION": version,
        "SERVE_INCLUDE_SCHEMA": False,
        "SWAGGER_UI_DIST": "SIDECAR",
        # Without a validator: the default one is a site on the internet.
        "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
        "SWAGGER_UI_FAVICON_HREF": static_url + "favicon.svg",
        "SCHEMA_PATH_PREFIX": "/api/v1",
        "COMPONENT_SPLIT_REQUEST": True,
        "ENUM_NAME_OVERRIDES": {
            "RunStateEnum": "projects.models.RunState",
            "ExecutionStateEnum": "automations.models.State",
            "RoleEnum": "teams.models.Role",
            "RegistryRoleEnum": "registries.models.RegistryRole",
        },
        "POSTPROCESSING_HOOKS": [
            "drf_spectacular.hooks.postprocess_schema_enums",
            "common.schema.add_refusals",
        ],
    }
