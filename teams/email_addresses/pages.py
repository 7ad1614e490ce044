"""Pages that confirm an e-mail address: have the link sent, and say that the address is one's own."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from teams.accounts.signed_in import person
from teams.email_addresses.confirmation_link import address_in, confirm_by, send_link


@require_POST
@login_required
def send(request: HttpRequest) -> HttpResponse:
    """Send the link to one's own address, as it is saved."""
    user = person(request)
    try:
        send_link(user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("A link went to %s. Open it within 24 hours, signed in as you are.") % user.email)
    return redirect("profile")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Ask, for programs that look into letters open links too; the button confirms."""
    user, token = person(request), request.GET.get("token", "")
    shown: dict[str, str] = {"place": "person"}
    try:
        if request.method == "POST":
            confirm_by(token, user)
            messages.success(request, _("Your e-mail address is confirmed."))
            return redirect("profile")
        shown["address"] = address_in(token, user)
    except ValidationError as error:
        shown["refused"] = " ".join(error.messages)
    return render(request, "teams/confirm_email.html", shown, status=422 if "refused" in shown else 200)
