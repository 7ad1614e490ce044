"""The page of a team's people: who is on it, who is invited, which service accounts it has. Its admins change it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from common.data.lookup import row_or_404
from teams import access, memberships
from teams.accounts.signed_in import person
from teams.joining import invitations
from teams.models import Invitation, Membership, Role, Team
from teams.people import service_accounts
from teams.people.asked_to_join import ask_to_join
from teams.people.forms import JoinForm, RoleChoiceForm, ServiceAccountForm
from teams.sessions.last_seen import with_last_seen
from teams.settings_site.team_settings_admin_site import team_settings
from teams.sign_in.confirm_identity import asks_first
from teams.sign_in.two_factor.requirement import has_second_factor
from teams.team_frame import team_page


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def people(request: HttpRequest, team: str) -> HttpResponse:
    """Who is on the team. A link that is made here stands in this answer and nowhere else."""
    asks = request.method == "POST"
    found = access.team_named(person(request), team, Role.ADMIN if asks else Role.VIEWER)
    form = JoinForm(request.POST if asks else None, label_suffix="")
    if not form.is_valid():
        return people_answer(request, found, form=form)
    try:
        asked = ask_to_join(found, form.cleaned_data["who"], form.cleaned_data["role"], by=person(request))
    except ValidationError as error:
        form.add_error("who", error.messages)
        return people_answer(request, found, form=form)
    if asked.membership is not None:
        messages.success(request, _("%s is on the team now.") % asked.membership.user)
        return redirect("people", team)
    if not asked.link:
        messages.success(request, _("The link goes to %s in a moment.") % form.cleaned_data["who"])
        return redirect("people", team)
    return people_answer(request, found, invitation=asked.invitation, link=asked.link)


@require_POST
@login_required
def change_role(request: HttpRequest, team: str, username: str) -> HttpResponse:
    found = access.team_named(person(request), team, Role.ADMIN)
    form, member = RoleChoiceForm(request.POST), _member(found, username)
    if form.is_valid():
        try:
            changed = memberships.give_role(found, member.user, form.cleaned_data["role"])
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            said = {"who": changed.user, "role": changed.get_role_display()}
            messages.success(request, _("%(who)s: %(role)s") % said)
    return redirect("people", team)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@asks_first
def remove_member(request: HttpRequest, team: str, username: str) -> HttpResponse:
    """Ask once, and say what is lost; then take the person off the team."""
    found = access.team_named(person(request), team, Role.ADMIN)
    member, refused = _member(found, username), ""
    if request.method == "POST":
        try:
            memberships.leave(member)
        except ValidationError as error:
            refused = " ".join(error.messages)
        else:
            messages.success(request, _("%s is off the team.") % member.user)
            return redirect("people", team)
    lost = [
        _("They see nothing of the team any more, and their keys do not reach it."),
        _("What they made stays: runs, versions and automations belong to the team."),
    ]
    page = {**team_page(person(request), found), "member": member, "lost": lost, "refused": refused}
    return render(request, "teams/people/remove_member.html", {**page, "place": "settings"}, status=_status(refused))


@never_cache
@require_POST
@login_required
def renew_invitation(request: HttpRequest, team: str, pk: int) -> HttpResponse:
    """Give a new link in place of the old, in this answer and nowhere else."""
    found = access.team_named(person(request), team, Role.ADMIN)
    invitation = _invitation(found, pk)
    return people_answer(request, found, invitation=invitation, link=invitations.renew(invitation))


@require_POST
@login_required
def revoke_invitation(request: HttpRequest, team: str, pk: int) -> HttpResponse:
    invitations.revoke(_invitation(access.team_named(person(request), team, Role.ADMIN), pk))
    messages.success(request, _("The invitation is taken back: its link opens nothing any more."))
    return redirect("people", team)


def people_answer(request: HttpRequest, team: Team, **more: Any) -> HttpResponse:
    """Give the page, with what is shown once, and with forms that were refused."""
    user = person(request)
    frame = team_page(user, team)
    may = frame["may_administer"]
    members = _members(team)
    forms = {"form": JoinForm(label_suffix=""), "account_form": ServiceAccountForm(label_suffix="")}
    page = {
        **frame, **forms, "members": members, "accounts": service_accounts.accounts_of(team), "roles": Role.choices,
        # Who is alone came to ask somebody in.
        "is_open": may and len(members) == 1,
        "place": "settings" if may else None, "mails": bool(settings.EMAIL_HOST),
        **(_of_admins(request, team) if may else {}), **more,
    }  # fmt: skip
    is_refused = any(page[name].errors for name in forms)
    return render(request, "teams/people/people.html", page, status=422 if is_refused else 200)


def settings_tabs(request: HttpRequest) -> dict[str, Any]:
    """Give the tabs of team settings, for its admins."""
    context = team_settings.each_context(request)
    return {name: context[name] for name in ("available_apps", "people_team")}


def _of_admins(request: HttpRequest, team: Team) -> dict[str, Any]:
    administered = access.administered_by(person(request))
    invited = invitations.open_invitations().filter(team=team)
    return {**settings_tabs(request), "administered": administered, "invitations": invited}


def _members(team: Team) -> list[Membership]:
    rows = Membership.objects.filter(team=team, user__is_service=False).select_related("user")
    rows = rows.annotate(has_second_factor=has_second_factor("user"))
    return with_last_seen(rows.order_by("user__username"))


def _member(team: Team, username: str) -> Membership:
    rows = Membership.objects.filter(team=team).select_related("user", "team")
    return row_or_404(rows, f"member {username!r} in the team {team}", user__username=username)


def _invitation(team: Team, pk: int) -> Invitation:
    rows = invitations.open_invitations().filter(team=team)
    return row_or_404(rows, f"open invitation {pk} in the team {team}", pk=pk)


def _status(refused: str) -> int:
    return 422 if refused else 200
