"""Profile pages of two-factor sign-in: authenticator app, passkeys and security keys, recovery codes, switching off."""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.adapter import get_adapter
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from common import vault_encryption
from teams.accounts.signed_in import person
from teams.models import User
from teams.sign_in.two_factor import factors, security_keys
from teams.sign_in.two_factor.asked_again import asked_again
from teams.sign_in.two_factor.codes import count_codes_left, matching_step
from teams.sign_in.two_factor.forms import AppCodeForm, KeyNameForm
from teams.sign_in.two_factor.requirement import must_set_up, requiring_organizations

# The secret of an app that has not shown a code yet; encrypted, for sessions stand in the database.
_PENDING = "two_factor_secret"
_PAGES = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@login_required
def overview(request: HttpRequest) -> HttpResponse:
    user = person(request)
    shown = {
        "app": factors.app_of(user),
        "keys": factors.keys_of(user),
        "codes_left": count_codes_left(user),
        "asking": list(requiring_organizations(user)),
        "must_set_up": must_set_up(user),
        "keys_are_possible": security_keys.are_possible(request),
    }
    return render(request, "teams/two_factor/overview.html", {**shown, "place": "person"})


@_PAGES
@sensitive_post_parameters("code")
@asked_again
def add_app(request: HttpRequest) -> HttpResponse:
    """Show the secret as a QR code and as text; take the app's first code."""
    user, secret = person(request), _pending_secret(request)
    form = AppCodeForm(request.POST or None)
    if factors.app_of(user) is not None:
        return redirect("two_factor")
    if request.method == "POST" and form.is_valid():
        step = matching_step(secret, form.cleaned_data["code"])
        if step is not None:
            codes = factors.add_app(user, secret, step)
            del request.session[_PENDING]
            return _set_up(request, codes, _("The authenticator app is set up."))
        form.add_error("code", _("This is not the code of now. Is the clock of your device right? Try the next one."))
    shown = {"form": form, "secret": _in_groups(secret), "qr_code": _qr_code(user, secret), "place": "person"}
    return render(request, "teams/two_factor/add_app.html", shown, status=_status(form))


@_PAGES
@asked_again
def add_key(request: HttpRequest) -> HttpResponse:
    """Take what the browser made: it is asked by a script, with what `key_options` gives."""
    user, form = person(request), KeyNameForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            credential = security_keys.new_credential(request, request.POST.get("credential", ""))
            codes = factors.add_key(user, form.cleaned_data["name"], credential)
            return _set_up(request, codes, _("The key “%s” is added.") % form.cleaned_data["name"])
        except security_keys.NotAccepted:
            form.add_error(None, _("The browser's answer could not be read, or came too late. Try again."))
        except ValidationError as error:
            form.add_error(None, error)
    shown = {"form": form, "keys_are_possible": security_keys.are_possible(request), "place": "person"}
    return render(request, "teams/two_factor/add_key.html", shown, status=_status(form))


@require_safe
@asked_again
def key_options(request: HttpRequest) -> HttpResponse:
    return JsonResponse(security_keys.options_to_add(person(request), passkey=request.GET.get("passkey") == "on"))


@_PAGES
@asked_again
def rename_key(request: HttpRequest, pk: int) -> HttpResponse:
    key = factors.own_key(person(request), pk)
    form = KeyNameForm(request.POST or None, initial={"name": key.data["name"]})
    if request.method == "POST" and form.is_valid():
        factors.rename_key(person(request), pk, form.cleaned_data["name"])
        messages.success(request, _("Saved."))
        return redirect("two_factor")
    shown = {"form": form, "key": key, "place": "person"}
    return render(request, "teams/two_factor/rename_key.html", shown, status=_status(form))


@_PAGES
@asked_again
def remove_key(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    key = factors.own_key(user, pk)
    name = str(key.data["name"])
    lost = [_("It signs you in no more. The key itself may still list it; there it can be deleted by hand.")]
    heading = _("Remove the key “%s”?") % name
    return _asked_once(request, heading, _("Remove the key"), lost, lambda: factors.remove(user, key))


@_PAGES
@asked_again
def remove_app(request: HttpRequest) -> HttpResponse:
    user = person(request)
    app = factors.app_of(user)
    if app is None:
        return redirect("two_factor")
    lost = [_("Its codes are good no more. To use an app again you set it up anew.")]
    heading = _("Remove the authenticator app?")
    return _asked_once(request, heading, _("Remove the app"), lost, lambda: factors.remove(user, app))


@_PAGES
@asked_again
def switch_off(request: HttpRequest) -> HttpResponse:
    user = person(request)
    lost = [_("Your password alone signs you in then. The app, all keys and the recovery codes are forgotten.")]
    heading = _("Switch two-factor sign-in off?")
    return _asked_once(request, heading, _("Switch it off"), lost, lambda: factors.switch_off(user))


@_PAGES
@asked_again
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Make new recovery codes, and show them in this answer and nowhere else."""
    refused = ""
    if request.method == "POST":
        try:
            return _shown_once(request, factors.new_recovery_codes(person(request)))
        except ValidationError as error:
            refused = " ".join(error.messages)
    lost = [_("The recovery codes that you have now are good no more.")]
    return _confirm(request, _("Make new recovery codes?"), _("Make new codes"), lost, refused)


def _asked_once(
    request: HttpRequest, heading: str, action: str, lost: list[str], do: Callable[[], object]
) -> HttpResponse:
    """Ask, and say what is lost; then do it, or say why not."""
    refused = ""
    if request.method == "POST":
        try:
            do()
        except ValidationError as error:
            refused = " ".join(error.messages)
        else:
            messages.success(request, _("Done."))
            return redirect("two_factor")
    return _confirm(request, heading, action, lost, refused)


def _confirm(request: HttpRequest, heading: str, action: str, lost: list[str], refused: str) -> HttpResponse:
    shown = {"heading": heading, "action": action, "lost": lost, "refused": refused, "place": "person"}
    return render(request, "teams/two_factor/confirm.html", shown, status=422 if refused else 200)


def _set_up(request: HttpRequest, codes: list[str], said: str) -> HttpResponse:
    if codes:
        return _shown_once(request, codes, said)
    messages.success(request, said)
    return redirect("two_factor")


def _shown_once(request: HttpRequest, codes: list[str], said: str = "") -> HttpResponse:
    text = _("Recovery codes of %(name)s at %(host)s. Each is good once.") % {
        "name": person(request).username, "host": request.get_host()
    }  # fmt: skip
    shown = {"codes": codes, "file": "\n".join([text, "", *codes, ""]), "said": said, "place": "person"}
    return render(request, "teams/two_factor/recovery_codes.html", shown)


def _pending_secret(request: HttpRequest) -> str:
    if _PENDING not in request.session:
        request.session[_PENDING] = vault_encryption.encrypt(generate_totp_secret())
    return vault_encryption.decrypt(request.session[_PENDING])


def _qr_code(user: User, secret: str) -> SafeString:
    adapter = get_adapter()
    document: str = adapter.build_totp_svg(adapter.build_totp_url(user, secret))
    # In a page, without the head of an XML document. It holds nothing but a path.
    return mark_safe(document[document.index("<svg") :])


def _in_groups(secret: str) -> str:
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def _status(form: AppCodeForm | KeyNameForm) -> int:
    return 422 if form.errors else 200
