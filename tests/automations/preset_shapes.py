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
    "telegram": exactly(
        {"chat_id": {"type": ["string", "integer"], "pattern": "^-?[0-9]+$|^@"}, "text": {**TEXT, "maxLength": 4096}},
        link_preview_options=exactly({"is_disabled": {"type": "boolean"}}),
    ),
}
