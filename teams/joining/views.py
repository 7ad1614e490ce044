"""Pages of joining and leaving: an invitation's, and leaving a team."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from teams import access, memberships
from teams.accounts.default_team import default_team
from teams.accounts.signed_in import person
from teams.joining import invitations
from teams.joining.forms import NewPersonForm
from teams.joining.new_person import join_as_new_person
from teams.local_passwords import are_passwords_on
from teams.models import Invitation, Membership, User
from teams.sign_in.confirm_identity import asks_first


@never_cache
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest) -> HttpResponse:
    """Ask whether one wants to join; who is not signed in may make an account. Opening the link uses nothing up."""
    token = request.GET.get("token", "")
    found = invitations.invitation_at(token)
    if isinstance(request.user, User):
        return _of_signed_in(request, token, found)
    form = NewPersonForm(request.POST or None)
    if request.method == "POST" and not are_passwords_on():
        raise PermissionDenied(_("Passwords are switched off here. Sign in first, then open the link again."))
    if request.method == "POST":
        user = join_as_new_person(token, found, form)
        if user is not None:
            login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
            return _welcome(request, found)
    back = f"{reverse('invitation')}?{urlencode({'token': token})}"
    sign_in = f"{reverse('sign_in')}?{urlencode({'next': back})}"
    shown = {"invitation": found, "form": form, "sign_in": sign_in, "passwords": are_passwords_on()}
    return render(request, "teams/invitation.html", shown, status=422 if form.errors else 200)


@login_required
@asks_first
@require_http_methods(["GET", "HEAD", "POST"])
def leave_team(request: HttpRequest, team: str) -> HttpResponse:
    """Ask once, and say what is lost; then leave the team."""
    user = person(request)
    membership = access.own_membership(user, team)
    refused = ""
    if request.method == "POST":
        try:
            memberships.leave(membership)
        except ValidationError as error:
            refused = " ".join(error.messages)
        else:
            messages.success(request, _("You have left the team %s.") % team)
            return redirect("profile")
    shown = {"leaving": membership.team, "lost": _losses(membership), "refused": refused, "place": "person"}
    return render(request, "teams/leave_team.html", shown, status=422 if refused else 200)


def _of_signed_in(request: HttpRequest, token: str, found: Invitation) -> HttpResponse:
    user = person(request)
    if access.role_in(user, found.team) is not None:
        messages.info(request, _("You are on the team %s already.") % found.team)
        return redirect("team", found.team.name)
    if request.method == "POST":
        invitations.accept(token, user)
        return _welcome(request, found)
    shown = {"invitation": found, "default_team": default_team(user)}
    return render(request, "teams/invitation.html", shown)


def _welcome(request: HttpRequest, found: Invitation) -> HttpResponse:
    messages.success(request, _("You are on the team %s now.") % found.team)
    return redirect("team", found.team.name)


def _losses(membership: Membership) -> list[str]:
    lost = [_("Its projects, runs and automations are no longer yours to see. An admin of it can have you back.")]
    user = membership.user
    if default_team(user) == membership.team and access.teams_of(user).count() > 1:
        lost.append(_("Scripts that name no entity log to it today; they go to another of your teams from then on."))
    elif default_team(user) == membership.team:
        lost.append(_("Scripts that name no entity log to it today; they are refused from then on."))
    return lost
