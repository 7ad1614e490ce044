"""What each service documents of the requests it takes, as JSON Schema. The pages are named in the presets' `docs`."""

from __future__ import annotations

from typing import Any

TEXT = {"type": "string", "minLength": 1}
ANY = {"type": "string"}


def exactly(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    """An object with these properties and no other."""
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


def some(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": items}


_RUN = exactly(
    {"type": {"const": "TextRun"}, "text": ANY},
    weight={"enum": ["Default", "Lighter", "Bolder"]},
    size={"enum": ["Default", "Small", "Medium", "Large"]},
)
_ELEMENTS = [
    exactly({"type": {"const": "TextBlock"}, "text": ANY}, wrap={"type": "boolean"}),
    exactly({"type": {"const": "RichTextBlock"}, "inlines": some(_RUN)}),
]
CARD = exactly(
    {
        "$schema": {"const": "http://adaptivecards.io/schemas/adaptive-card.json"},
        "type": {"const": "AdaptiveCard"},
        "version": {"enum": ["1.2", "1.3", "1.4", "1.5"]},
        "body": some({"oneOf": _ELEMENTS}),
    }
)
META = exactly(
    {"generateName": {**TEXT, "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?-$"}},
    # A label's value has at most 63 letters, digits, dots, hyphens and underscores; an annotation's is any text.
    labels={
        "type": "object",
        "additionalProperties": {"type": "string", "pattern": "^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$"},
    },
    annotations={"type": "object", "additionalProperties": ANY},
)
_CONTAINER = exactly(
    {"name": {**TEXT, "pattern": "^[a-z0-9-]{1,63}$"}, "image": TEXT}, env=some(exactly({"name": TEXT, "value": ANY}))
)
_POD = exactly({"restartPolicy": {"enum": ["Never", "OnFailure"]}, "containers": some(_CONTAINER)})
JOB = exactly(
    {"template": exactly({"spec": _POD})},
    backoffLimit={"type": "integer"},
    ttlSecondsAfterFinished={"type": "integer"},
)
SHAPES: dict[str, dict[str, Any]] = {
    "generic": {"type": "object"},
    # event_type has at most 100 characters, client_payload at most 10 properties of its own.
    "github": exactly(
        {"event_type": {**TEXT, "maxLength": 100}, "client_payload": {"type": "object", "maxProperties": 10}}
    ),
    "teams": exactly(
        {
            "type": {"const": "message"},
            "attachments": some(
                exactly(
                    {
                        "contentType": {"const": "application/vnd.microsoft.card.adaptive"},
                        "contentUrl": {"type": "null"},
                        "content": CARD,
                    }
                )
            ),
        }
    ),
    # One of content and embeds; all texts of the embeds together have at most 6,000 characters.
    "discord": exactly(
        {
            "embeds": {
                "type": "array",
                "minItems": 1,
                "maxItems": 10,
                "items": exactly(
                    {"title": {**TEXT, "maxLength": 256}},
                    description={**ANY, "maxLength": 4096},
                    footer=exactly({"text": {**TEXT, "maxLength": 2048}}),
                    timestamp={**TEXT, "format": "date-time"},
                ),
            },
            "allowed_mentions": exactly({"parse": {"const": []}}),
        },
        username={**TEXT, "maxLength": 80, "not": {"pattern": "(?i)discord|clyde"}},
    ),
    "pagerduty": exactly(
        {
            "routing_key": {**TEXT, "minLength": 32, "maxLength": 32},
            "event_action": {"enum": ["trigger", "acknowledge", "resolve"]},
            "payload": exactly(
                {
                    "summary": {**TEXT, "maxLength": 1024},
                    "source": TEXT,
                    "severity": {"enum": ["critical", "error", "warning", "info"]},
                },
                timestamp={**TEXT, "format": "date-time"},
                component=ANY,
                group=ANY,
                **{"class": ANY},
                custom_details={"type": "object"},
            ),
        },
        dedup_key={**TEXT, "maxLength": 255},
        client=ANY,
        client_url=ANY,
    ),
    # At most 25 inputs, each a text.
    "github_workflow": exactly(
        {"ref": TEXT, "inputs": {"type": "object", "maxProperties": 25, "additionalProperties": ANY}}
    ),
    "gitlab": exactly({"token": TEXT, "ref": TEXT}, variables={"type": "object", "additionalProperties": ANY}),
    # Whatever the job reads by JSONPath.
    "jenkins": {"type": "object"},
    "airflow": exactly(
        {"logical_date": {"type": "null"}},
        dag_run_id={**TEXT, "pattern": r"^[A-Za-z0-9_.~:+-]+$"},
        conf={"type": "object"},
    ),
    "kubernetes": exactly(
        {"apiVersion": {"const": "batch/v1"}, "kind": {"const": "Job"}, "metadata": META, "spec": JOB}
    ),
    "telegram": exactly(
        {"chat_id": {"type": ["string", "integer"], "pattern": "^-?[0-9]+$|^@"}, "text": {**TEXT, "maxLength": 4096}},
        link_preview_options=exactly({"is_disabled": {"type": "boolean"}}),
    ),
}
