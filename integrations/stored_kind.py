"""A kind whose rows are `Integration`s: all that such a kind says is a form, a provider and what its messages hold."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import QuerySet
from rest_framework import serializers

from automations.actions.action import Action
from automations.actions.action import registry as actions
from events.event_types import EventType
from integrations import services
from integrations.kind import FormKind, Kind
from integrations.models import Integration
from integrations.rest.form_serializers import serializer_of
from integrations.settings.stored_kind_admin import register
from teams.models import Team, User


class KindWithRows(Kind):
    """Keeps its rows in the table of all integrations."""

    @classmethod
    def erase(cls, row: Integration, *, used_by: Mapping[str, list[str]]) -> None:
        services.erase(cls, row, used_by=used_by)


class StoredKind(KindWithRows, FormKind):
    """Is managed by what its form says, through `integrations.services`."""

    @classmethod
    def rows(cls) -> QuerySet[Integration]:
        return Integration.objects.filter(kind=cls.key).select_related("team")

    @classmethod
    @cache  # one class: OpenAPI knows it by its identity
    def serializer(cls) -> type[serializers.Serializer[Any]]:
        """Give what REST takes and shows: the form's fields, and what became of it."""
        return serializer_of(
            f"{cls.__name__}Integration",
            cls.Form,
            read_only={
                "disabled_reason": serializers.CharField(read_only=True),
                "failing_since": serializers.DateTimeField(read_only=True, allow_null=True),
                "created_at": serializers.DateTimeField(read_only=True),
                "updated_at": serializers.DateTimeField(read_only=True),
            },
            represent=representation,
        )

    @classmethod
    def create(cls, team: Team, values: Mapping[str, Any], *, by: User | None = None) -> Integration:
        return services.create(cls, team, values, by=by)

    @classmethod
    def change(cls, row: Integration, values: Mapping[str, Any]) -> Integration:
        return services.change(cls, row, values)

    @classmethod
    def secret_names(cls, row: Integration) -> list[str]:
        names = (str(row.settings.get(field) or "") for field in cls.Form.secret_names())
        return [name for name in names if name]

    @classmethod
    def test_action(cls, row: Integration, sent: Mapping[str, Any], event: type[EventType]) -> Action:
        action = actions.get(cls.action_key)
        return action(action.checked({"integration": row.name}, team=row.team, event=event.key))

    @classmethod
    def register_settings(cls, site: AdminSite) -> None:
        register(cls, site)


def representation(row: Integration) -> dict[str, Any]:
    return {
        "name": row.name, "enabled": row.enabled, **row.settings, "disabled_reason": row.disabled_reason,
        "failing_since": row.failing_since, "created_at": row.created_at, "updated_at": row.updated_at,
    }  # fmt: skip
