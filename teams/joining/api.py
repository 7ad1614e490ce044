"""REST views of a team's invitations, for its admins."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.data.lookup import row_or_404
from teams import access
from teams.accounts.signed_in import person
from teams.joining import invitations
from teams.models import Invitation, Role
from teams.serializers import InvitationSerializer, NewInvitationSerializer


class Invitations(generics.ListAPIView[Invitation]):
    """The open invitations of a team, newest first. For its admins."""

    serializer_class = InvitationSerializer
    queryset = Invitation.objects.none()

    def get_queryset(self) -> QuerySet[Invitation]:
        return _open_in(self.request, self.kwargs["team"])

    @extend_schema(request=InvitationSerializer, responses={201: NewInvitationSerializer})
    def post(self, request: Request, team: str) -> Response:
        """Invite a person, whoever they are. The link goes by e-mail where mail is set up; else it is shown once."""
        user = person(request)
        its_team = access.team_named(user, team, Role.ADMIN)
        sent = InvitationSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        invitation, link = invitations.invite(its_team, by=user, **sent.validated_data)
        shown = {**InvitationSerializer(invitation).data, "link": link}
        return Response(shown, status=status.HTTP_201_CREATED)


class OneInvitation(APIView):
    """One open invitation of a team."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, team: str, pk: int) -> Response:
        """Revoke it: its link opens nothing any more."""
        rows = _open_in(request, team)
        invitations.revoke(row_or_404(rows, f"open invitation {pk} in the team {team}", pk=pk))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RenewInvitation(APIView):
    """A new link in place of an open invitation's."""

    @extend_schema(request=None, responses=NewInvitationSerializer)
    def post(self, request: Request, team: str, pk: int) -> Response:
        """Give a new link, good for seven days from now, shown this once; the one before opens nothing any more."""
        found = row_or_404(_open_in(request, team), f"open invitation {pk} in the team {team}", pk=pk)
        link = invitations.renew(found)
        return Response({**InvitationSerializer(found).data, "link": link})


def _open_in(request: Request, team: str) -> QuerySet[Invitation]:
    its_team = access.team_named(person(request), team, Role.ADMIN)
    return invitations.open_invitations().filter(team=its_team)
