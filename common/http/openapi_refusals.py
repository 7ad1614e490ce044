"""OpenAPI error responses: what the document says of refusals, the same for every operation."""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string"}
_REFUSAL = {
    "type": "object",
    "description": "Why a request was refused.",
    "required": ["detail", "errors"],
    "properties": {
        "detail": {**_TEXT, "description": "All of it in one text."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "value", "message"],
                "properties": {
                    "field": {**_TEXT, "description": "Its path, such as `conditions.0.threshold`."},
                    "value": {"description": "What was sent there; never a secret."},
                    "message": {**_TEXT, "description": "What is wrong and what to do."},
                },
            },
        },
    },
}
_ALWAYS = {
    "400": ("Invalid", "Something that was sent is not right; `errors` names each field."),
    "401": ("Unauthorized", "The API key is missing, unknown or expired."),
    "403": ("Forbidden", "This takes a higher role in the team; the message says which."),
    "404": ("NotFound", "There is nothing of this name, or you may not see it."),
}
_OF_CHANGES = {"409": ("Conflict", "It is in the way of something that is there already.")}
_CHANGES = {"post", "put", "patch", "delete"}


def add_refusals(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Name the answers that every operation may give. A postprocessing hook of drf-spectacular."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Refusal"] = _REFUSAL
    components["responses"] = {name: _answer(said) for name, said in (_ALWAYS | _OF_CHANGES).values()}
    for operations in result["paths"].values():
        for method, operation in operations.items():
            answers = _ALWAYS | _OF_CHANGES if method in _CHANGES else _ALWAYS
            for status, (name, _said) in answers.items():
                operation["responses"].setdefault(status, {"$ref": f"#/components/responses/{name}"})
    return result


def _answer(said: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    return {"description": said, "content": content}
