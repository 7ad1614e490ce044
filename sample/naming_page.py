"""The page after the very first sign-in, which names organization, team and admin. Nobody else sees it."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods

from sample.naming import FirstNames, ask_no_more, give_names, unnamed_team
from teams.accounts.signed_in import person

_TYPED = {"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}


class FirstNamesForm(forms.Form):
    organization = forms.CharField(
        label=_lazy("Your organization"),
        help_text=_lazy("Such as your company or lab. Lower-case letters, digits and hyphens."),
        widget=forms.TextInput(attrs=_TYPED),
    )
    team = forms.CharField(
        label=_lazy("Your first team"),
        help_text=_lazy("It owns projects, and stands first in their addresses."),
        widget=forms.TextInput(attrs=_TYPED),
    )
    username = forms.CharField(
        label=_lazy("Your user name"),
        max_length=150,
        help_text=_lazy("By which you sign in from now on."),
        widget=forms.TextInput(attrs=_TYPED),
    )
    sample = forms.ChoiceField(
        label=_lazy("The sample"),
        choices=[("keep", _lazy("Keep it: look around first")), ("clear", _lazy("Clear it: begin with nothing"))],
        initial="keep",
        required=False,
        widget=forms.RadioSelect,
    )

    def names(self) -> FirstNames:
        said = self.cleaned_data
        return FirstNames(said["organization"], said["team"], said["username"], said["sample"] != "clear")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def first_names(request: HttpRequest) -> HttpResponse:
    user = person(request)
    team = unnamed_team(user)
    if team is None:
        raise Http404(_("There is nothing to name here."))
    if "later" in request.POST:
        ask_no_more(team)
        return redirect("team", team.name)
    now = {"organization": team.organization.name, "team": team.name, "username": user.username, "sample": "keep"}
    form = FirstNamesForm(request.POST or None, initial=now, label_suffix="")
    if form.is_valid():
        try:
            named = give_names(team, user, form.names())
        except ValidationError as error:
            for field, texts in error.message_dict.items():
                form.add_error(field if field in form.fields else None, texts)
        else:
            messages.success(request, _("Runbell is yours. Change names later in the settings."))
            return redirect("team", named.name)
    return render(request, "sample/first_names.html", {"form": form}, status=422 if form.errors else 200)
