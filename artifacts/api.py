"""REST views of collections and versions. `registries.api` shows the same of registries."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from artifacts import services, time_to_live
from artifacts.access import collection_named, collections_of, entries_of, entry_named
from artifacts.editing import describe_collection
from artifacts.models import Collection, Entry
from artifacts.serializers import (
    AliasesSerializer,
    ChangedCollectionSerializer,
    CollectionSerializer,
    NewCollectionSerializer,
    NewVersionSerializer,
    TagsSerializer,
    TimeToLivePolicySerializer,
    VersionSerializer,
)
from projects.access import project_named, run_named
from teams import access
from teams.accounts.key_scopes import KeyScope
from teams.accounts.signed_in import person
from teams.models import Role


class CollectionView(APIView):
    """What all addresses below a collection share: its being found. Those of a registry find it otherwise."""

    def seen(self) -> Collection:
        """Give the collection to whoever may see it."""
        return self._collection(Role.VIEWER)

    def changeable(self) -> Collection:
        """Give the collection to whoever may change what is in it."""
        return self._collection(Role.MEMBER)

    def _collection(self, least: Role) -> Collection:
        names = self.kwargs["team"], self.kwargs["project"], self.kwargs["collection"]
        return collection_named(person(self.request), *names, least=least)


class Collections(generics.ListAPIView[Collection]):
    """The collections of a project, newest first."""

    key_scope = KeyScope.LOG

    serializer_class = CollectionSerializer
    queryset = Collection.objects.none()

    def get_queryset(self) -> QuerySet[Collection]:
        return collections_of(project_named(person(self.request), self.kwargs["team"], self.kwargs["project"]))

    @extend_schema(request=NewCollectionSerializer, responses={201: CollectionSerializer, 200: CollectionSerializer})
    def post(self, request: Request, team: str, project: str) -> Response:
        """Create a collection: 201 where it is new, 200 where it is there with this type."""
        found = project_named(person(request), team, project, Role.MEMBER)
        sent = NewCollectionSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        collection, created = services.get_or_create_collection(found, **sent.validated_data)
        return Response(CollectionSerializer(collection).data, status=created_status(created))


class OneCollection(CollectionView):
    """One collection."""

    key_scope = KeyScope.LOG

    @extend_schema(responses=CollectionSerializer)
    def get(self, request: Request, **names: str) -> Response:
        return Response(CollectionSerializer(self.seen()).data)

    @extend_schema(request=ChangedCollectionSerializer, responses=CollectionSerializer)
    def patch(self, request: Request, **names: str) -> Response:
        """Say what it is."""
        collection = self.changeable()
        sent = ChangedCollectionSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        changed = describe_collection(collection, sent.validated_data["description"], by=person(request))
        return Response(CollectionSerializer(changed).data)


class CollectionTags(CollectionView):
    """The tags of a collection."""

    key_scope = KeyScope.LOG

    @extend_schema(request=TagsSerializer, responses=CollectionSerializer)
    def post(self, request: Request, **names: str) -> Response:
        """Add tags. Those that are there already are harmless."""
        collection = self.changeable()
        sent = TagsSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        services.add_collection_tags(collection, sent.validated_data["tags"], by=person(request))
        return Response(CollectionSerializer(self.seen()).data)


class OneCollectionTag(CollectionView):
    """One tag of a collection."""

    key_scope = KeyScope.LOG

    @extend_schema(responses={204: None})
    def delete(self, request: Request, tag: str, **names: str) -> Response:
        collection = self.changeable()
        if not services.remove_collection_tags(collection, [tag], by=person(request)):
            raise Http404(f"There is no tag {tag!r} on {collection}.")
        return Response(status=status.HTTP_204_NO_CONTENT)


class VersionListView(CollectionView, generics.ListAPIView[Entry]):
    """The versions in a collection, newest first."""

    serializer_class = VersionSerializer
    queryset = Entry.objects.none()

    def get_queryset(self) -> QuerySet[Entry]:
        return entries_of(self.seen())


class Versions(VersionListView):
    """The versions of a collection, newest first."""

    key_scope = KeyScope.LOG

    @extend_schema(request=NewVersionSerializer, responses={201: VersionSerializer, 200: VersionSerializer})
    def post(self, request: Request, team: str, project: str, collection: str) -> Response:
        """Add a version: 201 where its digest is new, else 200 and the version that has it."""
        found = self.changeable()
        sent = NewVersionSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(sent.validated_data)
        if "run" in values:
            values["run"] = run_named(person(request), team, project, values["run"])
        placed = services.create_version(found, **values, by=person(request))
        return version_response(placed)


class OneVersion(CollectionView):
    """One version of a collection, by its number (v3) or an alias."""

    @extend_schema(responses=VersionSerializer)
    def get(self, request: Request, version: str, **names: str) -> Response:
        found = VersionSerializer(entry_named(self.seen(), version), context={"request": request})
        return Response(found.data)


class VersionAliases(CollectionView):
    """The aliases of a version."""

    key_scope = KeyScope.LOG

    @extend_schema(request=AliasesSerializer, responses=VersionSerializer)
    def post(self, request: Request, version: str, **names: str) -> Response:
        """Move aliases to this version, away from the one that has them."""
        entry = entry_named(self.changeable(), version)
        sent = AliasesSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        services.add_aliases(entry, sent.validated_data["aliases"], by=person(request))
        return Response(version_data(entry))


class OneVersionAlias(CollectionView):
    """One alias of a version. `latest` stays."""

    key_scope = KeyScope.LOG

    @extend_schema(responses={204: None})
    def delete(self, request: Request, version: str, alias: str, **names: str) -> Response:
        entry = entry_named(self.changeable(), version)
        if not services.remove_alias(entry, alias):
            raise Http404(f"There is no alias {alias!r} on {entry}.")
        return Response(status=status.HTTP_204_NO_CONTENT)


class VersionTags(CollectionView):
    """The tags of a version."""

    key_scope = KeyScope.LOG

    @extend_schema(request=TagsSerializer, responses=VersionSerializer)
    def post(self, request: Request, version: str, **names: str) -> Response:
        """Add tags. Those that are there already are harmless."""
        entry = entry_named(self.changeable(), version)
        sent = TagsSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        services.add_tags(entry, sent.validated_data["tags"], by=person(request))
        return Response(version_data(entry))


class OneVersionTag(CollectionView):
    """One tag of a version."""

    key_scope = KeyScope.LOG

    @extend_schema(responses={204: None})
    def delete(self, request: Request, version: str, tag: str, **names: str) -> Response:
        entry = entry_named(self.changeable(), version)
        if not services.remove_tags(entry, [tag], by=person(request)):
            raise Http404(f"There is no tag {tag!r} on {entry}.")
        return Response(status=status.HTTP_204_NO_CONTENT)


class TeamTimeToLive(APIView):
    """How long a team's versions live where none says so itself, and who may say so."""

    @extend_schema(responses=TimeToLivePolicySerializer)
    def get(self, request: Request, team: str) -> Response:
        found = access.team_named(person(request), team)
        return Response(TimeToLivePolicySerializer(time_to_live.policy_of(found)).data)

    @extend_schema(request=TimeToLivePolicySerializer, responses=TimeToLivePolicySerializer)
    def put(self, request: Request, team: str) -> Response:
        """Change it: admins only. Versions that say nothing themselves follow at once."""
        found = access.team_named(person(request), team, Role.ADMIN)
        sent = TimeToLivePolicySerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        policy = time_to_live.set_policy(found, **sent.validated_data, by=person(request))
        return Response(TimeToLivePolicySerializer(policy).data)


def version_response(placed: services.PlacedVersion) -> Response:
    return Response(version_data(placed.entry), status=created_status(placed.created))


def version_data(entry: Entry) -> dict[str, Any]:
    """Give the version as it is now, after a change."""
    return dict(VersionSerializer(entry_named(entry.collection, f"v{entry.index}")).data)


def created_status(created: bool) -> int:
    return status.HTTP_201_CREATED if created else status.HTTP_200_OK
