"""REST: delete whole things with all that is in them, see what is being deleted, and undo it."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.http.serializers import ListedChoiceField, OnlyKnownFields
from operations.deletion import scheduling, several_runs
from operations.deletion.deletable import registry
from teams.accounts.signed_in import person
from teams.models import Deletion


class DeletionSerializer(serializers.ModelSerializer[Deletion]):
    asked_by = serializers.CharField(source="asked_by.username", default="", read_only=True)
    contents = serializers.DictField(
        child=serializers.IntegerField(), read_only=True, help_text="What goes with it, counted when it was asked for."
    )
    deleted = serializers.DictField(
        child=serializers.IntegerField(), read_only=True, help_text="Rows that are gone so far, by table."
    )

    class Meta:
        model = Deletion
        fields = [
            "id", "kind", "name", "asked_by", "asked_at", "due_at", "contents", "undone_at", "started_at", "deleted",
            "problem", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields


class NewDeletionSerializer(OnlyKnownFields, serializers.Serializer[Deletion]):
    kind = ListedChoiceField(registry.choices)
    name = serializers.CharField(help_text="Such as acme/mnist.")
    confirm = serializers.CharField(help_text="The same name once more.")


class NewDeletionOfRunsSerializer(OnlyKnownFields, serializers.Serializer[Deletion]):
    project = serializers.CharField(help_text="Such as acme/mnist.")
    runs = serializers.ListField(
        child=serializers.CharField(), max_length=several_runs.MOST, help_text="Their ids, such as x7k2p9."
    )
    confirm = serializers.CharField(help_text="How many runs these are, such as 3.")


class ContentsSerializer(serializers.Serializer[Deletion]):
    kind = serializers.CharField()
    name = serializers.CharField()
    contents = serializers.DictField(child=serializers.IntegerField())


class Deletions(generics.ListAPIView[Deletion]):
    """What is being deleted, or was, of what the person may delete; the newest first."""

    serializer_class = DeletionSerializer
    queryset = Deletion.objects.none()

    def get_queryset(self) -> QuerySet[Deletion]:
        return scheduling.deletions_of(person(self.request))

    @extend_schema(request=NewDeletionSerializer, responses={201: DeletionSerializer})
    def post(self, request: Request) -> Response:
        """Hide the thing at once, and delete it with all that is in it once its grace is over."""
        sent = NewDeletionSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        values, by = sent.validated_data, person(request)
        kind = scheduling.kind_named(values["kind"])
        row = kind.find(by, values["name"])
        deletion = scheduling.schedule(kind, row, confirmed=values["confirm"], by=by)
        return Response(DeletionSerializer(deletion).data, status=status.HTTP_201_CREATED)


class DeletionsOfRuns(APIView):
    """Delete several runs of a project together."""

    @extend_schema(request=NewDeletionOfRunsSerializer, responses={201: DeletionSerializer(many=True)})
    def post(self, request: Request) -> Response:
        """All of them or none: where one is not there, each such is named. Each can be undone by itself."""
        sent = NewDeletionOfRunsSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        values, by = sent.validated_data, person(request)
        selected = several_runs.SelectedRuns.find(by, values["project"], values["runs"])
        made = selected.schedule(confirmed=values["confirm"], by=by)
        return Response(DeletionSerializer(made, many=True).data, status=status.HTTP_201_CREATED)


class DeletionContents(APIView):
    """What would go with a thing, before anybody deletes it."""

    @extend_schema(
        responses=ContentsSerializer,
        parameters=[
            OpenApiParameter("kind", str, required=True, description="Such as project."),
            OpenApiParameter("name", str, required=True, description="Such as acme/mnist."),
        ],
    )
    def get(self, request: Request) -> Response:
        kind = scheduling.kind_named(request.query_params.get("kind", ""))
        row = kind.find(person(request), request.query_params.get("name", ""))
        return Response({"kind": kind.key, "name": kind.name_of(row), "contents": kind.contents(row)})


class OneDeletion(APIView):
    """One deletion."""

    @extend_schema(responses=DeletionSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(DeletionSerializer(scheduling.deletion_numbered(person(request), pk)).data)


class UndoDeletion(APIView):
    """Bring back what waits for its deletion."""

    @extend_schema(request=None, responses=DeletionSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """409 once the deletion has begun."""
        found = scheduling.deletion_numbered(person(request), pk)
        return Response(DeletionSerializer(scheduling.undo(found, by=person(request))).data)


class UndoDeletionsTogether(APIView):
    """Bring back all runs that were deleted by one request, as far as they wait."""

    @extend_schema(request=None, responses=DeletionSerializer(many=True))
    def post(self, request: Request, pk: int) -> Response:
        """409 once all of these deletions have begun."""
        found = scheduling.deletion_numbered(person(request), pk)
        return Response(DeletionSerializer(several_runs.undo_together(found, by=person(request)), many=True).data)
