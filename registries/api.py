"""REST views of registries, their members, collections and links."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from artifacts import api as artifacts
from artifacts.access import entry_named, version_at
from artifacts.models import Collection, Registry
from artifacts.serializers import CollectionSerializer, VersionSerializer
from artifacts.services import unlink
from common.data.lookup import row_or_404
from registries import access, services
from registries.models import RegistryMember, RegistryRole
from registries.serializers import (
    ChangedRegistrySerializer,
    LinkSerializer,
    NewRegistryMemberSerializer,
    RegistryMemberSerializer,
    RegistrySerializer,
)
from teams.accounts.signed_in import person
from teams.models import Role


class Registries(generics.ListAPIView[Registry]):
    """The registries of an organization that you may see, newest first."""

    serializer_class = RegistrySerializer
    queryset = Registry.objects.none()

    def get_queryset(self) -> QuerySet[Registry]:
        user = person(self.request)
        organization = access.organization_named(user, self.kwargs["organization"])
        return access.registries_of(user).filter(organization=organization)

    @extend_schema(request=RegistrySerializer, responses={201: RegistrySerializer})
    def post(self, request: Request, organization: str) -> Response:
        """Create a registry. This takes an admin of the organization."""
        its_organization = access.administered_organization(person(request), organization)
        sent = RegistrySerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        registry = services.create_registry(its_organization, **sent.validated_data, by=person(request))
        return Response(RegistrySerializer(registry).data, status=status.HTTP_201_CREATED)


class OneRegistry(APIView):
    """One registry."""

    @extend_schema(responses=RegistrySerializer)
    def get(self, request: Request, organization: str, registry: str) -> Response:
        return Response(RegistrySerializer(access.registry_named(person(request), organization, registry)).data)

    @extend_schema(request=ChangedRegistrySerializer, responses=RegistrySerializer)
    def patch(self, request: Request, organization: str, registry: str) -> Response:
        """Rename, describe or archive the registry, or say who sees it. For its admins."""
        found = access.registry_named(person(request), organization, registry)
        access.require_though_archived(person(request), found, RegistryRole.ADMIN)
        sent = ChangedRegistrySerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        changed = services.change_registry_whole(found, dict(sent.validated_data), by=person(request))
        return Response(RegistrySerializer(changed).data)


class RegistryMembers(generics.ListAPIView[RegistryMember]):
    """The people and teams of a registry, newest first. Its admins add them and change their roles."""

    serializer_class = RegistryMemberSerializer
    queryset = RegistryMember.objects.none()

    def get_queryset(self) -> QuerySet[RegistryMember]:
        names = self.kwargs["organization"], self.kwargs["registry"]
        registry = access.registry_named(person(self.request), *names, least=RegistryRole.VIEWER)
        return access.members_seen_by(person(self.request), registry)

    @extend_schema(request=NewRegistryMemberSerializer, responses={201: RegistryMemberSerializer})
    def post(self, request: Request, organization: str, registry: str) -> Response:
        its_registry = access.registry_named(person(request), organization, registry, RegistryRole.ADMIN)
        sent = NewRegistryMemberSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        return Response(
            RegistryMemberSerializer(_added(its_registry, sent.validated_data)).data, status=status.HTTP_201_CREATED
        )


class OneRegistryMember(APIView):
    """One person or team of a registry."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, organization: str, registry: str, pk: int) -> Response:
        its_registry = access.registry_named(person(request), organization, registry, RegistryRole.ADMIN)
        rows = RegistryMember.objects.filter(registry=its_registry)
        services.remove_member(row_or_404(rows, f"member {pk} in the registry {its_registry}", pk=pk))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RegistryCollections(generics.ListAPIView[Collection]):
    """The collections of a registry, newest first. Linking a version makes them."""

    serializer_class = CollectionSerializer
    queryset = Collection.objects.none()

    def get_queryset(self) -> QuerySet[Collection]:
        names = self.kwargs["organization"], self.kwargs["registry"]
        return access.collections_of(access.registry_named(person(self.request), *names))


class LinkVersion(APIView):
    """Linking into a collection of a registry."""

    @extend_schema(request=LinkSerializer, responses={201: VersionSerializer, 200: VersionSerializer})
    def post(self, request: Request, organization: str, registry: str, collection: str) -> Response:
        """Link a version of one of your teams' projects: 201 where it is new here, else 200."""
        user = person(request)
        its_registry = access.registry_named(user, organization, registry, RegistryRole.MEMBER)
        sent = LinkSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        values = dict(sent.validated_data)
        version = version_at(user, values.pop("version"), Role.MEMBER)
        return artifacts.version_response(services.link(version, its_registry, collection, **values, by=user))


class _OfRegistry(artifacts.CollectionView):
    """Finds the collection in a registry; everything else is as in projects."""

    def seen(self) -> Collection:
        return self._in_registry(RegistryRole.RESTRICTED_VIEWER)

    def changeable(self) -> Collection:
        return self._in_registry(RegistryRole.MEMBER)

    def _in_registry(self, least: RegistryRole) -> Collection:
        names = self.kwargs["organization"], self.kwargs["registry"], self.kwargs["collection"]
        return access.collection_named(person(self.request), *names, least=least)


class OneRegistryCollection(_OfRegistry, artifacts.OneCollection):
    """One collection of a registry."""


class RegistryCollectionTags(_OfRegistry, artifacts.CollectionTags):
    """The tags of a registry's collection."""


class OneRegistryCollectionTag(_OfRegistry, artifacts.OneCollectionTag):
    """One tag of a registry's collection."""


class RegistryVersions(_OfRegistry, artifacts.VersionListView):
    """The versions linked into a collection of a registry, newest first."""


class OneRegistryVersion(_OfRegistry, artifacts.OneVersion):
    """One version linked into a collection of a registry, by its number there (v3) or an alias."""


class UnlinkVersion(_OfRegistry):
    """Taking a version out of a collection of a registry. Where it was made it stays."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, version: str, **names: Any) -> Response:
        unlink(entry_named(self.changeable(), version), by=person(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RegistryVersionAliases(_OfRegistry, artifacts.VersionAliases):
    """The aliases of a version in a registry's collection."""


class OneRegistryVersionAlias(_OfRegistry, artifacts.OneVersionAlias):
    """One alias of a version in a registry's collection. `latest` stays."""


class RegistryVersionTags(_OfRegistry, artifacts.VersionTags):
    """The tags of a version in a registry's collection."""


class OneRegistryVersionTag(_OfRegistry, artifacts.OneVersionTag):
    """One tag of a version in a registry's collection."""


def _added(registry: Registry, values: dict[str, Any]) -> RegistryMember:
    if "team" in values:
        return services.set_role_of_team(registry, values["team"], values["role"])
    return services.set_role_of_user(registry, values["username"], values["role"])
