"""The form of a second step, at sign-in and where one is asked again: a code, or a key that the browser showed."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from teams.accounts.sign_in_limits import WrongCode
from teams.models import User
from teams.sign_in.two_factor.checking import check_code, check_key
from teams.sign_in.two_factor.forms import SecondStepForm


def posted_step(request: HttpRequest, user: User) -> tuple[SecondStepForm, Authenticator | None]:
    """Give the form to show, and the second factor that was right. Raises TooManyRequests."""
    if request.method != "POST":
        return SecondStepForm(), None
    answer = request.POST.get("credential", "")
    form = SecondStepForm(None if answer else request.POST)
    try:
        if answer:
            return form, check_key(request, user, answer)
        if form.is_valid():
            return form, check_code(user, form.cleaned_data["code"])
    except WrongCode:
        form = SecondStepForm({"code": ""})
        form.errors["code"] = form.error_class([_refusal(answer)])
    except ValidationError as error:  # no key of the vault opens it
        form.add_error("code", error)
    return form, None


def _refusal(answer: str) -> str:
    if answer:
        return _("This key is not one of yours, or its answer came too late. Try again.")
    return _("This code is not good: it is wrong, used or over. Wait for the next one, or use a recovery code.")
