"""Pages that make a registry, rename and describe it, archive it and bring it back. For its admins."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from artifacts.models import Registry
from registries import access, services
from registries.models import RegistryRole
from registries.organizations.forms import RegistryForm
from registries.registry_frame import registry_page
from teams.accounts.signed_in import person


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_registry(request: HttpRequest, organization: str) -> HttpResponse:
    """Make a registry, whose first admin one is. This takes an admin of the organization."""
    user = person(request)
    found = access.administered_organization(user, organization)
    form = RegistryForm(request.POST or None, label_suffix="")
    if form.is_valid():
        try:
            made = services.create_registry(found, **form.cleaned_data, by=user)
        except ValidationError as error:
            _refuse(form, error)
        else:
            messages.success(request, _("The registry %s is there.") % made.name)
            return redirect(made)
    shown = {"organization": found, "form": form, "place": "registries"}
    return render(request, "registries/new_registry.html", shown, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit_registry(request: HttpRequest, organization: str, registry: str) -> HttpResponse:
    """What it is called and about, and who sees it."""
    found = _own(request, organization, registry)
    described = {"name": found.name, "description": found.description or "", "visibility": found.visibility}
    form = RegistryForm(request.POST or None, initial=described, label_suffix="")
    if form.is_valid():
        try:
            changed = services.change_registry_whole(found, form.cleaned_data, by=person(request))
        except ValidationError as error:
            _refuse(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect(changed)
    shown = {**registry_page(person(request), found, "registry"), "form": form}
    return render(request, "registries/edit_registry.html", shown, status=422 if form.errors else 200)


@require_POST
@login_required
def archive_registry(request: HttpRequest, organization: str, registry: str) -> HttpResponse:
    found = _own(request, organization, registry)
    archived = request.POST.get("archived") == "yes"
    services.change_registry_whole(found, {"archived": archived}, by=person(request))
    messages.success(request, _("%s is archived.") % found.name if archived else _("%s is back.") % found.name)
    return redirect(found)


def _own(request: HttpRequest, organization: str, registry: str) -> Registry:
    found = access.registry_named(person(request), organization, registry)
    access.require_though_archived(person(request), found, RegistryRole.ADMIN)
    return found


def _refuse(form: Any, error: ValidationError) -> None:
    for field, texts in error.message_dict.items():
        form.add_error(field if field in form.fields else None, texts)
