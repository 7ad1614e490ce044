"""Django admin of collections and versions, read-only: only services write, and publish events of it."""

from __future__ import annotations

from django.contrib import admin

from artifacts.models import Alias, Collection, Entry, Version
from common.pages.readonly_admin import ReadOnlyAdmin


@admin.register(Collection)
class CollectionAdmin(ReadOnlyAdmin[Collection]):
    list_display = ("name", "type", "project", "registry", "holds_links", "created_at")
    list_select_related = ("project__team", "registry__organization")
    list_filter = ("holds_links",)
    search_fields = ("name", "type", "project__name", "registry__name")
    ordering = ("-id",)


@admin.register(Version)
class VersionAdmin(ReadOnlyAdmin[Version]):
    list_display = ("collection", "index", "digest", "run", "created_by", "created_at")
    list_select_related = (
        "collection__project__team", "collection__registry__organization", "run", "created_by",
    )  # fmt: skip
    search_fields = ("collection__name", "digest")
    ordering = ("-id",)


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin[Entry]):
    list_display = ("collection", "index", "version", "created_by", "created_at")
    list_select_related = (
        "collection__project__team", "collection__registry__organization",
        "version__collection__project__team", "version__collection__registry__organization", "created_by",
    )  # fmt: skip
    search_fields = ("collection__name",)
    ordering = ("-id",)


@admin.register(Alias)
class AliasAdmin(ReadOnlyAdmin[Alias]):
    list_display = ("name", "entry")
    list_select_related = ("entry__collection__project__team", "entry__collection__registry__organization")
    search_fields = ("name", "collection__name")
    ordering = ("-id",)
