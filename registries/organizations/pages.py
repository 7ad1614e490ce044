"""Pages of an organization: its people, teams, registries and domains; its name; archived and brought back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from common.data.lookup import row_or_404
from registries.access import administered_organization, organizations_of
from registries.organizations import services
from registries.organizations.forms import DomainsForm, NewTeamForm, PlaceNameForm
from teams import mail_policy
from teams.access import is_instance_admin, require_instance_admin
from teams.accounts.signed_in import person
from teams.joining.new_team import create_team
from teams.models import Organization, Team
from teams.sign_in.confirm_identity import asks_first


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def organizations(request: HttpRequest) -> HttpResponse:
    """The organizations that the person is in. A superuser makes new ones."""
    user = person(request)
    form = PlaceNameForm(request.POST or None, label_suffix="")
    if request.method == "POST":
        require_instance_admin(user)
    if form.is_valid():
        made = _done(form, "name", lambda: services.create_organization(form.cleaned_data["name"], by=user))
        if made is not None:
            return redirect("organization", made.name)
    administered = user.organizations.filter(deletion=None).values_list("pk", flat=True)
    shown = {
        "organizations": organizations_of(user), "administered": set(administered), "form": form,
        "may_create": is_instance_admin(user), "place": "teams",
    }  # fmt: skip
    return render(request, "registries/organizations/list.html", shown, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@asks_first
def organization(request: HttpRequest, organization: str) -> HttpResponse:
    """Its people, teams and domains; its name is changed here. For its admins."""
    found = administered_organization(person(request), organization)
    form = PlaceNameForm(request.POST or None, initial={"name": found.name}, label_suffix="")
    if form.is_valid():
        values = {"name": form.cleaned_data["name"]}
        changed = _done(form, "name", lambda: services.change_organization(found, values, by=person(request)))
        if changed is not None:
            messages.success(request, _("It is called %s now; the old name leads here.") % changed.name)
            return redirect("organization", changed.name)
    return _answer(request, found, name_form=form)


@require_POST
@login_required
def archive(request: HttpRequest, organization: str) -> HttpResponse:
    found = administered_organization(person(request), organization)
    archived = request.POST.get("archived") == "yes"
    services.change_organization(found, {"archived": archived}, by=person(request))
    messages.success(request, _("%s is archived.") % found if archived else _("%s is back.") % found)
    return redirect("organization", found.name)


@require_POST
@login_required
def new_team(request: HttpRequest, organization: str) -> HttpResponse:
    user = person(request)
    found = administered_organization(user, organization)
    form = NewTeamForm(request.POST, label_suffix="")
    if form.is_valid():
        made = _done(form, "team", lambda: create_team(found, form.cleaned_data["team"], by=user))
        if made is not None:
            messages.success(request, _("The team %s is there. Invite its people.") % made.name)
            return redirect("people", made.name)
    return _answer(request, found, team_form=form)


@require_POST
@login_required
def domains(request: HttpRequest, organization: str) -> HttpResponse:
    found = administered_organization(person(request), organization)
    form = DomainsForm(request.POST, label_suffix="")
    if form.is_valid():
        names = form.cleaned_data["domains"]
        if _done(form, "domains", lambda: mail_policy.change(found, domains=names, by=person(request))) is not None:
            messages.success(request, _("Saved."))
            return redirect("organization", found.name)
    return _answer(request, found, domains_form=form)


@require_POST
@login_required
def admin(request: HttpRequest, organization: str, username: str) -> HttpResponse:
    """Let a person administer the organization, or no more."""
    found = administered_organization(person(request), organization)
    user = row_or_404(services.people_with_roles(found), f"person {username!r} of {found}", username=username)
    try:
        if request.POST.get("admin") == "yes":
            services.add_admin(found, username)
        else:
            services.remove_admin(found, user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Saved."))
    is_still = found.admins.filter(pk=person(request).pk).exists()
    return redirect("organization", found.name) if is_still else redirect("organizations")


def _answer(request: HttpRequest, organization: Organization, **more: Any) -> HttpResponse:
    teams = Team.objects.filter(organization=organization).annotate(
        people=Count("memberships", filter=Q(memberships__user__is_active=True))
    )
    page = {
        "organization": organization, "people": services.people_with_roles(organization),
        "admins": set(organization.admins.values_list("pk", flat=True)), "teams": teams.order_by("name"),
        "registries": organization.registries.order_by("name"), "place": "teams",
        "name_form": PlaceNameForm(initial={"name": organization.name}, label_suffix=""),
        "team_form": NewTeamForm(label_suffix=""),
        "domains_form": DomainsForm(initial={"domains": "\n".join(organization.mail_domains)}, label_suffix=""),
        **more,
    }  # fmt: skip
    is_refused = any(page[name].errors for name in ("name_form", "team_form", "domains_form"))
    template = "registries/organizations/organization.html"
    return render(request, template, page, status=422 if is_refused else 200)


def _done(form: Form, field: str, work: Callable[[], Any]) -> Any:
    """Do the work; where it is refused say so at the field, and give None."""
    try:
        return work()
    except ValidationError as error:
        form.add_error(field, error.messages)
        return None
