"""URLs of the pages of registries, and of collections and versions in registries and projects."""

from __future__ import annotations

from django.urls import path

from registries.views import (
    artifact_ttl,
    collections,
    former_addresses,
    linking,
    organization_two_factor,
    registry_editing,
    registry_pages,
)

_REGISTRY = "registry/<str:organization>/<str:registry>"
_LINKED = f"{_REGISTRY}/collections/<str:collection>"
_PROJECT = "<str:team>/<str:project>"
_MADE = f"{_PROJECT}/artifacts/<str:type>/<str:collection>"

urlpatterns = [
    path(
        "profile/organizations/<str:organization>/two-factor",
        organization_two_factor.organization_two_factor,
        name="organization_two_factor",
    ),
    path("profile/teams/<str:team>/artifact-ttl", artifact_ttl.artifact_ttl, name="artifact_ttl"),
    path("orgs/<str:organization>/registries", registry_editing.new_registry, name="new_registry"),
    path("registry", registry_pages.registries, name="registries"),
    path(_REGISTRY, registry_pages.registry, name="registry"),
    path(f"{_REGISTRY}/edit", registry_editing.edit_registry, name="edit_registry"),
    path(f"{_REGISTRY}/archive", registry_editing.archive_registry, name="archive_registry"),
    path(f"{_REGISTRY}/members", registry_pages.members, name="registry_members"),
    path(_LINKED, collections.collection, name="linked_collection"),
    path(f"{_LINKED}/<str:version>", collections.version, name="linked_version"),
    path(f"{_LINKED}/<str:version>/unlink", linking.unlink, name="unlink_version"),
    path(f"{_PROJECT}/artifacts", collections.artifacts, name="artifacts"),
    path(f"{_PROJECT}/recent-versions", collections.recent, name="recent_versions"),
    path(f"{_PROJECT}/runs/<str:run>/artifacts", collections.of_run, name="artifacts_of_run"),
    path(f"{_PROJECT}/artifacts/<str:type>", collections.artifacts, name="artifacts_of_type"),
    path(_MADE, collections.collection, name="collection"),
    path(f"{_MADE}/<str:version>", collections.version, name="version"),
    path(f"{_MADE}/<str:version>/link", linking.link, name="link_version"),
    path(f"{_MADE}/<str:version>/unlink", linking.unlink, name="unlink_in_project"),
    path(f"{_PROJECT}/collections/<path:rest>", former_addresses.collections),
]
