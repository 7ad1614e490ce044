"""The JSON Schema of a serializer takes what it takes, in one piece."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework import serializers

from common.http.serializer_schema import serializer_schema
from common.http.serializers import ListedChoiceField, OnlyKnownFields
from tests.json_schema import check_schema, validator


class Owner(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=5)


class Thing(OnlyKnownFields, serializers.Serializer[Any]):
    owner = Owner()
    sort = ListedChoiceField(choices=["big", "small"], required=False)
    size = serializers.IntegerField(min_value=1, required=False, allow_null=True)
    seen_at = serializers.DateTimeField(read_only=True)


@pytest.mark.parametrize(
    ("sent", "fits"),
    [
        ({"owner": {"name": "ada"}}, True),
        ({"owner": {"name": "ada"}, "sort": "big", "size": None}, True),
        ({}, False),
        ({"owner": {"name": "ada lovelace"}}, False),
        ({"owner": {"name": "ada"}, "sort": "huge"}, False),
        ({"owner": {"name": "ada"}, "size": 0}, False),
        ({"owner": {"name": "ada"}, "surprise": 1}, False),
        ({"owner": {"name": "ada"}, "seen_at": "2026-01-01T00:00:00Z"}, False),
    ],
)
def test_it_takes_what_the_serializer_takes(sent: dict[str, Any], fits: bool) -> None:
    schema = serializer_schema(Thing)
    check_schema(schema)
    assert validator(schema).is_valid(sent) == fits
