"""Pages of teams, profile, API keys and notices."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.contrib.messages.views import SuccessMessageMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from common.data.lookup import row_or_404
from common.http.safe_redirect import next_page
from teams import access
from teams.accounts import api_key
from teams.accounts.default_team import default_team
from teams.accounts.profile import RecordedPasswordForm, save_profile
from teams.accounts.signed_in import person
from teams.context_processors import my_teams
from teams.email_addresses.confirmed import is_confirmed
from teams.forms import PersonalKeyForm, ProfileForm
from teams.local_passwords import may_use_password
from teams.models import ApiKey, Notice, Team, User
from teams.notices import team_notices
from teams.sign_in.confirm_identity import asks_first


class ChangePasswordView(SuccessMessageMixin[PasswordChangeForm], PasswordChangeView):
    form_class = RecordedPasswordForm
    template_name = "teams/change_password.html"
    success_url = reverse_lazy("profile")
    success_message = _lazy("The password is changed. Other browsers are signed out.")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        # Noted before it is saved: who signed in with the password of the first start goes on to the names.
        self.is_first = person(self.request).must_change_password
        return super().form_valid(form)

    def get_success_url(self) -> str:
        user = person(self.request)
        is_asked = self.is_first and any(team.sample.get("unnamed") == user.pk for team in access.teams_of(user))
        return reverse("first_names") if is_asked else super().get_success_url()


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Lead to the team of the person, or the one they were in last; to a choice where neither is."""
    last = my_teams(request)["my_team"]
    return redirect("team", last.name) if isinstance(last, Team) else redirect("teams")


@require_safe
@login_required
def teams(request: HttpRequest) -> HttpResponse:
    return render(request, "teams/teams.html", {"place": "teams"})


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """What a person tells of themselves: their name, their e-mail address, their time zone; and their teams."""
    user = person(request)
    # A copy: a refused change would show in the frame of the page.
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=user.pk))
    if request.method == "POST" and form.is_valid():
        save_profile(form.instance)
        messages.success(request, _("Saved."))
        return redirect("profile")
    shown: dict[str, Any] = {
        "form": form,
        "memberships": access.memberships_of(user),
        "default_team": default_team(user),
        "administered": user.organizations.filter(deletion=None).order_by("name"),
        "is_email_unconfirmed": bool(user.email) and not is_confirmed(user),
        "sends_email": bool(settings.EMAIL_HOST),
        "may_use_password": may_use_password(user) and user.has_usable_password(),
    }
    return render(request, "teams/profile.html", {**shown, "place": "person"})


@never_cache
@login_required
def api_keys(request: HttpRequest) -> HttpResponse:
    """List one's keys, and make one. The new key stands in this answer and nowhere else."""
    user, plain = person(request), ""
    form = PersonalKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        _key, plain = api_key.create_key(user, form.cleaned_data["name"])
        form = PersonalKeyForm()
    shown = {"keys": ApiKey.objects.filter(user=user).order_by("-pk"), "form": form, "plain": plain}
    return render(request, "teams/api_keys.html", {**shown, "place": "person", "runbell_url": settings.RUNBELL_URL})


@login_required
@asks_first
def delete_api_key(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once, and say what will be refused; then take the key back."""
    key = access.own_key(person(request), pk)
    if request.method != "POST":
        lost = [_("Scripts that use it are refused from now on. It cannot be brought back.")]
        return render(request, "teams/delete_api_key.html", {"key": key, "lost": lost, "place": "person"})
    api_key.delete_key(key)
    messages.success(request, _("The key “%s” is deleted; whoever uses it is refused from now on.") % key.name)
    return redirect("api_keys")


@require_POST
@login_required
def dismiss_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a notice of a team one administers, and stay where one is."""
    rows = team_notices.open_notices(access.administered_by(person(request))).filter(pk=pk)
    if not rows.exists():
        access.note_hidden(Notice.objects.filter(pk=pk, settled_at=None))
    notice = row_or_404(rows, f"open notice {pk} of yours")
    team_notices.dismiss_notice(notice)
    return redirect(next_page(request, "home"))
