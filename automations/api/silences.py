"""REST: the silences of a team."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automations.access import automations_of
from automations.models import Silence
from automations.silences.services import SilenceDraft, create_silence, end_silence, silences_of
from automations.silences.wording import about_of, is_on, when_of
from common.data.lookup import row_or_404
from common.http.serializers import OnlyKnownFields
from projects.access import project_named, run_named
from teams import access
from teams.accounts.key_scopes import KeyScope
from teams.accounts.signed_in import person
from teams.models import Role, Team, User

_COLUMNS = ("id", "tag", "starts_at", "ends_at", "weekdays", "from_time", "minutes", "zone", "note")


class SilenceSerializer(OnlyKnownFields, serializers.Serializer[Silence]):
    """A silence: nothing is told of what matches, once or each week."""

    id = serializers.IntegerField(read_only=True)
    project = serializers.CharField(required=False, allow_null=True, default=None, help_text="Such as mnist.")
    automation = serializers.IntegerField(required=False, allow_null=True, default=None, help_text="Its id.")
    run = serializers.CharField(
        required=False, allow_null=True, default=None, help_text="The id of a run of that project."
    )
    tag = serializers.CharField(required=False, allow_blank=True, default="", max_length=256, help_text="Of runs.")
    starts_at = serializers.DateTimeField(required=False, allow_null=True, default=None, help_text="Left out: now.")
    ends_at = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="A weekly one may have none."
    )
    weekdays = serializers.ListField(
        child=serializers.IntegerField(), required=False, default=list, help_text="0 is Monday; [] holds once."
    )
    from_time = serializers.CharField(required=False, allow_blank=True, default="", help_text="Such as 22:00.")
    minutes = serializers.IntegerField(required=False, default=0, min_value=0, help_text="How long each time.")
    zone = serializers.CharField(required=False, default="UTC", help_text="Such as Europe/Berlin.")
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)
    created_by = serializers.CharField(read_only=True, allow_null=True)
    holds_now = serializers.BooleanField(read_only=True)
    about = serializers.CharField(read_only=True, help_text="What it is about, in words.")
    when = serializers.CharField(read_only=True, help_text="When it holds, in words.")

    def to_representation(self, instance: Silence) -> dict[str, Any]:
        project = instance.run.project if instance.run else instance.project
        return super().to_representation(
            {
                **{name: getattr(instance, name) for name in _COLUMNS},
                "project": project.name if project else None,
                "automation": instance.automation_id,
                "run": instance.run.name if instance.run else None,
                "created_by": instance.created_by.username if instance.created_by else None,
                "holds_now": is_on(instance, timezone.now()),
                "about": about_of(instance),
                "when": when_of(instance),
            }
        )

    def draft(self, user: User, team: Team) -> SilenceDraft:
        """Give what was sent, with what it names. What is not there or not the team's is 404."""
        sent = dict(self.validated_data)
        project, run, automation = sent.pop("project"), sent.pop("run"), sent.pop("automation")
        if run and not project:
            raise serializers.ValidationError({"project": ["Say which project the run is in."]})
        its_run = run_named(user, team.name, project, run) if run else None
        its_project = project_named(user, team.name, project) if project and not run else None
        rows = automations_of(user).filter(team=team)
        one = None if automation is None else row_or_404(rows, f"automation {automation} of {team.name}", pk=automation)
        return SilenceDraft(project=its_project, run=its_run, automation=one, **sent)


class TeamSilences(generics.ListAPIView[Silence]):
    """The silences of a team that hold or will, the next to end first."""

    key_scope = KeyScope.AUTOMATIONS

    serializer_class = SilenceSerializer
    queryset = Silence.objects.none()

    def get_queryset(self) -> QuerySet[Silence]:
        return silences_of(access.team_named(person(self.request), self.kwargs["team"]))

    @extend_schema(request=SilenceSerializer, responses={201: SilenceSerializer})
    def post(self, request: Request, team: str) -> Response:
        """Silence what matches: members. What of project, automation, run and tag is given must fit; none: all."""
        user = person(request)
        its_team = access.team_named(user, team, Role.MEMBER)
        sent = SilenceSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        silence = create_silence(its_team, sent.draft(user, its_team), by=user)
        return Response(SilenceSerializer(silence).data, status=status.HTTP_201_CREATED)


class OneSilence(APIView):
    """One silence of a team."""

    key_scope = KeyScope.AUTOMATIONS

    @extend_schema(responses=SilenceSerializer)
    def get(self, request: Request, team: str, pk: int) -> Response:
        return Response(SilenceSerializer(_silence(request, team, pk, Role.VIEWER)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, team: str, pk: int) -> Response:
        """End it now. What still holds of what it kept silent is told soon."""
        end_silence(_silence(request, team, pk, Role.MEMBER), by=person(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _silence(request: Request, team: str, pk: int, least: Role) -> Silence:
    its_team = access.team_named(person(request), team, least)
    return row_or_404(silences_of(its_team), f"silence {pk} in the team {team}", pk=pk)
