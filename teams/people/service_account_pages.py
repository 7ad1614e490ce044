"""Pages of a team's service accounts: made on the page of its people, renamed, given keys, removed. For its admins."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from common.data.lookup import row_or_404
from teams import access
from teams.accounts.signed_in import person
from teams.models import Membership, Role
from teams.people import people_page, service_accounts
from teams.people.forms import AccountKeyForm, ServiceAccountForm
from teams.sign_in.confirm_identity import asks_first
from teams.team_frame import team_page


@never_cache
@require_POST
@login_required
def create_account(request: HttpRequest, team: str) -> HttpResponse:
    """Make an account. Its first key stands in this answer and nowhere else."""
    found = access.team_named(person(request), team, Role.ADMIN)
    form = ServiceAccountForm(request.POST, label_suffix="")
    if not form.is_valid():
        return people_page.people_answer(request, found, account_form=form)
    account, plain = service_accounts.create(found, form.cleaned_data["description"], by=person(request))
    return people_page.people_answer(request, found, account=account, plain=plain)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def account(request: HttpRequest, team: str, username: str) -> HttpResponse:
    """One account: what it is called, and its keys."""
    found = _account(request, team, username)
    form = ServiceAccountForm(request.POST or None, initial={"description": found.user.first_name}, label_suffix="")
    if form.is_valid():
        try:
            service_accounts.rename(found, form.cleaned_data["description"])
        except ValidationError as error:
            form.add_error("description", error.messages)
        else:
            messages.success(request, _("Saved."))
            return redirect("service_account", team, username)
    return _answer(request, found, form=form)


@never_cache
@require_POST
@login_required
def create_account_key(request: HttpRequest, team: str, username: str) -> HttpResponse:
    """Make a key, which stands in this answer and nowhere else."""
    found, form = _account(request, team, username), AccountKeyForm(request.POST, label_suffix="")
    if not form.is_valid():
        return _answer(request, found, key_form=form)
    _key, plain = service_accounts.create_key(found, form.cleaned_data["name"], by=person(request))
    return _answer(request, found, plain=plain)


@require_POST
@login_required
def delete_account_key(request: HttpRequest, team: str, username: str, pk: int) -> HttpResponse:
    found = _account(request, team, username)
    key = row_or_404(service_accounts.keys_of(found), f"key {pk} of {username!r} for the team {team}", pk=pk)
    service_accounts.delete_key(found, key)
    messages.success(request, _("The key “%s” is deleted; whoever uses it is refused from now on.") % key.name)
    return redirect("service_account", team, username)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@asks_first
def remove_account(request: HttpRequest, team: str, username: str) -> HttpResponse:
    """Ask once, and say what is lost; then take the account off the team."""
    found = _account(request, team, username)
    if request.method == "POST":
        try:
            service_accounts.remove(found)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect("service_account", team, username)
        messages.success(request, _("The service account “%s” is removed.") % found.user.first_name)
        return redirect("people", team)
    lost = [
        _("Its keys are deleted: scripts that use them are refused from now on."),
        _("What it made stays: runs, versions and automations belong to the team."),
    ]
    page = {**team_page(person(request), found.team), "account": found, "lost": lost, "place": "settings"}
    return render(request, "teams/people/remove_account.html", page)


def _answer(request: HttpRequest, account: Membership, **more: Any) -> HttpResponse:
    described = {"description": account.user.first_name}
    page = {
        **team_page(person(request), account.team), **people_page.settings_tabs(request), "account": account,
        "keys": service_accounts.keys_of(account), "form": ServiceAccountForm(initial=described, label_suffix=""),
        "key_form": AccountKeyForm(label_suffix=""), "place": "settings", **more,
    }  # fmt: skip
    is_refused = page["form"].errors or page["key_form"].errors
    return render(request, "teams/people/service_account.html", page, status=422 if is_refused else 200)


def _account(request: HttpRequest, team: str, username: str) -> Membership:
    found = access.team_named(person(request), team, Role.ADMIN)
    rows = service_accounts.accounts_of(found).select_related("user", "team__organization")
    return row_or_404(rows, f"service account {username!r} in the team {team}", user__username=username)
