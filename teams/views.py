"""Signing in, the way to one's teams, and one's API keys."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.contrib.messages.views import SuccessMessageMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from common.finding import found
from teams import access, keys, notices
from teams.accounts import RecordedPassword, keep_profile
from teams.context import my_teams
from teams.forms import NewKeyForm, ProfileForm, SignInForm
from teams.models import ApiKey, Notice, Team, User
from teams.people import person


class SignIn(LoginView):
    template_name = "teams/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True


class ChangePassword(SuccessMessageMixin[PasswordChangeForm], PasswordChangeView):
    form_class = RecordedPassword
    template_name = "teams/change_password.html"
    success_url = reverse_lazy("profile")
    success_message = _lazy("The password is changed. Other browsers are signed out.")


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
    """What a person tells of themselves: their name, their e-mail address, their time zone."""
    user = person(request)
    # A copy: a refused change would show in the frame of the page.
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=user.pk))
    if request.method == "POST" and form.is_valid():
        keep_profile(form.instance)
        messages.success(request, _("Saved."))
        return redirect("profile")
    return render(request, "teams/profile.html", {"form": form, "place": "person"})


@never_cache
@login_required
def api_keys(request: HttpRequest) -> HttpResponse:
    """List one's keys, and make one. The new key stands in this answer and nowhere else."""
    user, plain = person(request), ""
    form = NewKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        _key, plain = keys.create_key(user, form.cleaned_data["name"])
        form = NewKeyForm()
    shown = {"keys": ApiKey.objects.filter(user=user).order_by("-pk"), "form": form, "plain": plain}
    return render(request, "teams/api_keys.html", {**shown, "place": "person", "runbell_url": settings.RUNBELL_URL})


@login_required
def delete_api_key(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once, and say what will be refused; then take the key back."""
    key = access.own_key(person(request), pk)
    if request.method != "POST":
        lost = [_("Scripts that use it are refused from now on. It cannot be brought back.")]
        return render(request, "teams/delete_api_key.html", {"key": key, "lost": lost, "place": "person"})
    keys.delete_key(key)
    messages.success(request, _("The key “%s” is deleted; whoever uses it is refused from now on.") % key.name)
    return redirect("api_keys")


@require_POST
@login_required
def dismiss_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a notice of a team one administers, and stay where one is."""
    rows = notices.open_notices(access.administered_by(person(request))).filter(pk=pk)
    if not rows.exists():
        access.note_hidden(Notice.objects.filter(pk=pk, settled_at=None))
    notice = found(rows, f"open notice {pk} of yours")
    notices.dismiss(notice)
    there = request.POST.get("next", "")
    return redirect(there if url_has_allowed_host_and_scheme(there, {request.get_host()}) else "home")
