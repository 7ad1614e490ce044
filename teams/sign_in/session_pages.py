"""Pages of the profile: where one is signed in (sessions), end one, sign out everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from teams.accounts.signed_in import person
from teams.audit import actor
from teams.models import UserSession
from teams.sessions.expired_sessions import end_session as ended
from teams.sessions.expired_sessions import end_sessions as ended_all
from teams.sessions.expired_sessions import sessions_of
from teams.sessions.hashed_sessions import SessionStore

# The first that stands in what a browser says of itself; most say that they are each other.
_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iPadOS"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


@dataclass(frozen=True)
class ListedSession:
    pk: str
    browser: str
    agent: str
    address: str | None
    begun_at: datetime
    last_seen_at: datetime
    method: str
    is_this: bool


@require_safe
@login_required
def sessions(request: HttpRequest) -> HttpResponse:
    this = _stored_key(request)
    rows = sorted((_session_row(row, this) for row in sessions_of(person(request))), key=lambda one: not one.is_this)
    return render(request, "teams/sessions.html", {"sessions": rows, "place": "person"})


@require_POST
@login_required
def end_session(request: HttpRequest, session: str) -> HttpResponse:
    """End one of one's own sessions; somebody else's does not exist."""
    row = sessions_of(person(request)).filter(pk=session).first()
    if row is None:
        if UserSession.objects.filter(pk=session).exclude(user=None).exclude(user=person(request)).exists():
            actor.note_denial()
        raise Http404(_("You have no such session. It may have ended."))
    ended(row)
    messages.success(request, _("That session is ended."))
    return redirect("sessions")


@require_POST
@login_required
def end_sessions(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere: here too where that is wanted, else everywhere but here."""
    if request.POST.get("which") == "all":
        ended_all(person(request))
        logout(request)
        return redirect("sign_in")
    count = ended_all(person(request), but=_stored_key(request))
    messages.success(request, ngettext("%d other session is ended.", "%d other sessions are ended.", count) % count)
    return redirect("sessions")


def browser_of(agent: str) -> str:
    """Say in two words what the browser calls itself: `Firefox on Linux`."""
    browser = next((name for sign, name in _BROWSERS if sign in agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or agent.partition(" ")[0][:40] or _("Unknown browser")


def _session_row(row: UserSession, this: str) -> ListedSession:
    return ListedSession(
        pk=row.pk, browser=browser_of(row.agent), agent=row.agent, address=row.address, begun_at=row.begun_at,
        last_seen_at=row.last_seen_at, method=row.method, is_this=row.pk == this,
    )  # fmt: skip


def _stored_key(request: HttpRequest) -> str:
    return request.session.stored_key if isinstance(request.session, SessionStore) else ""
