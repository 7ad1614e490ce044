"""The base class of kinds of integrations: lists, pages, REST, settings, audit and removal, as teams manage them.

Each kind is a folder, read by `integrations.apps`; its provider (how it is spoken to) and its action stand beside it.
A new kind needs no migration: its rows are `Integration`s. A kind with a table of its own says so here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from django.contrib.admin import AdminSite
from django.db.models import QuerySet
from django.urls import URLPattern, reverse
from django_stubs_ext import StrOrPromise
from rest_framework.serializers import Serializer

from automations.actions.action import Action
from common.plugins import Plugin, PluginRegistry
from events.event_types import EventType
from integrations.forms import SettingsForm, TestForm
from outbound.provider import Provider
from outbound.provider import registry as providers
from teams.audit import audit_log, reading
from teams.models import Team, User


class Kind(Plugin):
    """One kind of integration as teams manage it."""

    # What people call one of them, in a sentence; and several.
    noun: ClassVar[StrOrPromise]
    plural: ClassVar[StrOrPromise]
    # What will be listed where there is none yet.
    empty: ClassVar[StrOrPromise]
    icon: ClassVar[str] = "bell"
    order: ClassVar[int] = 5
    # What REST takes to make one, as the catalog shows it.
    example: ClassVar[Mapping[str, Any]]
    # The words of its rows in the audit log: `NOUN.create`.
    verb_noun: ClassVar[str]
    # What stands in the column that says where one leads.
    leads_to: ClassVar[StrOrPromise]
    # The settings page with its list of them.
    settings_model: ClassVar[str]
    # By which words its addresses were called before there was one family: of pages, and of REST.
    former_page: ClassVar[str] = ""
    former_rest: ClassVar[str] = ""
    TestForm: ClassVar[type[TestForm]] = TestForm
    test_template: ClassVar[str] = "integrations/test.html"
    # What stands below its list on the page of integrations; blank: nothing.
    list_template: ClassVar[str] = ""

    # How the wandb SDK lists one: its type in W&B's schema, what its ids begin with, and what the fields of that type
    # hold. Blank: the SDK has no words for this kind.
    sdk_typename: ClassVar[str] = ""
    sdk_id_name: ClassVar[str] = ""
    sdk_fields: ClassVar[Mapping[str, Callable[[Any], str]]] = {}

    # Words in the audit log of what the kind keeps besides.
    further_nouns: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def provider(cls) -> type[Provider]:
        return providers.get(cls.key)

    @classmethod
    def rows(cls) -> QuerySet[Any]:
        """Give all of them, with their teams; doors narrow them to what a person may see."""
        raise NotImplementedError

    @classmethod
    def rows_elsewhere(cls, user: User | None, team: Team) -> QuerySet[Any]:
        """Give those of other teams that this person may use for the team: none, where the kind is not shared."""
        return cls.rows().none()

    @classmethod
    def where(cls, row: Any) -> str:
        """Say where one leads, without anything secret."""
        raise NotImplementedError

    @classmethod
    def serializer(cls) -> type[Serializer[Any]]:
        """Give what REST shows of one."""
        raise NotImplementedError

    @classmethod
    def sent_serializer(cls, *, new: bool) -> type[Serializer[Any]]:
        """Give what REST takes: to make one, or to change one."""
        return cls.serializer()

    @classmethod
    def create(cls, team: Team, values: Mapping[str, Any], *, by: User | None = None) -> Any:
        """Make one. Raises ValidationError by field."""
        raise NotImplementedError

    @classmethod
    def change(cls, row: Any, values: Mapping[str, Any]) -> Any:
        """Put the values in place of what is there. Raises ValidationError by field."""
        raise NotImplementedError

    @classmethod
    def audit_values(cls, row: Any) -> dict[str, Any]:
        """Give what the audit log tells of one: secrets stand in it by name, and private settings not at all."""
        return {**audit_log.columns(row, "name", "enabled"), **row.settings}

    @classmethod
    def secret_names(cls, row: Any) -> list[str]:
        """Give the names of the team's secrets without which nothing can be sent there."""
        return []

    @classmethod
    def erase(cls, row: Any, *, used_by: Mapping[str, list[str]]) -> None:
        """Remove the row at once, in a transaction. Doors ask `removal.delete`."""
        raise NotImplementedError

    @classmethod
    def test_action(cls, row: Any, sent: Mapping[str, Any], event: type[EventType]) -> Action:
        """Give the action that a test of one does; `sent` is what its `TestForm` took."""
        raise NotImplementedError

    @classmethod
    def register_settings(cls, site: AdminSite) -> None:
        """Register its page in team settings."""
        raise NotImplementedError

    @classmethod
    def rest_paths(cls) -> list[URLPattern]:
        """Give the addresses that only this kind has, under /api/v1/."""
        return []

    @classmethod
    def page_paths(cls) -> list[URLPattern]:
        """Give the addresses of pages that only this kind has."""
        return []

    @classmethod
    def key_of(cls, row: Any) -> str:
        """Name one as executions and notices do: `KIND:12`."""
        return f"{cls.key}:{row.pk}"

    @classmethod
    def home(cls, row: Any) -> str:
        """Give where its pages begin: tests and deliveries."""
        return f"{row.team.get_absolute_url()}/integrations/{cls.key}/{quote(row.name)}"

    @classmethod
    def settings_page(cls, page: str, *args: object) -> str:
        return reverse(f"team_settings:integrations_{cls.settings_model}_{page}", args=args)


class FormKind(Kind):
    """A kind without a table of its own: its settings are what `Form` says."""

    Form: ClassVar[type[SettingsForm]]
    # The action that sends there, by its key.
    action_key: ClassVar[str]
    intro: ClassVar[StrOrPromise] = ""


class KindRegistry(PluginRegistry[Kind]):
    """What is registered can be looked for in the audit log."""

    def register(self, plugin: type[Kind]) -> type[Kind]:
        reading.NOUNS.extend((plugin.verb_noun, *plugin.further_nouns))
        return super().register(plugin)


registry = KindRegistry("kind of integration")


def in_order() -> list[type[Kind]]:
    """Give the kinds as pages list them."""
    return sorted(registry, key=lambda kind: (kind.order, kind.key))
