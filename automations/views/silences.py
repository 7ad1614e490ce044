"""Pages: silences of a person's teams, the form that makes one, and the ready ones of an automation."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from automations.access import automation_numbered
from automations.forms.silence_form import SilenceForm
from automations.models import Silence
from automations.silences import presets
from automations.silences.services import SilenceDraft, create_silence, end_silence, open_silences
from automations.silences.wording import about_of, is_on, when_of
from automations.views.page_context import way_back
from teams.access import in_teams_of, may, note_hidden, require
from teams.accounts.signed_in import person
from teams.models import Role, User


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def silences(request: HttpRequest) -> HttpResponse:
    """What is silenced in one's teams, and a form for members that silences more."""
    by = person(request)
    form = SilenceForm(by, request.POST or None, initial=request.GET.dict())
    if request.method == "POST" and form.is_valid():
        try:
            silence = create_silence(form.cleaned_data["team"], form.draft(), by=by)
        except ValidationError as error:
            _put_errors(form, error)
        else:
            messages.success(request, _said(silence))
            return redirect("silences")
    rows = in_teams_of(by, open_silences())
    shown = {"rows": [_on_page(row, by) for row in rows], "form": form, "place": "hub", "errors": _mistakes(form)}
    return render(request, "automations/silences.html", shown, status=422 if form.is_bound and form.errors else 200)


@require_POST
@login_required
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End one now."""
    by = person(request)
    silence = in_teams_of(by, open_silences()).filter(pk=pk).first()
    if silence is None:
        note_hidden(open_silences().filter(pk=pk))
        raise Http404(_("There is no silence %(pk)s here, or you are not on its team.") % {"pk": pk})
    require(by, silence.team, Role.MEMBER)
    end_silence(silence, by=by)
    messages.success(request, _("It has ended. What still holds is told within a minute."))
    return redirect(way_back(request, "/automations/silences"))


@require_POST
@login_required
def silence_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Silence one automation until a ready end, such as tomorrow at 9:00."""
    automation = automation_numbered(person(request), pk, Role.MEMBER)
    ends_at = presets.end_of(request.POST.get("until", ""), timezone.now(), timezone.get_current_timezone())
    if ends_at is None:
        raise Http404(_("Say until when: hour, tomorrow or monday."))
    draft = SilenceDraft(automation=automation, ends_at=ends_at)
    messages.success(request, _said(create_silence(automation.team, draft, by=person(request))))
    return redirect(way_back(request, automation.get_absolute_url()))


def _said(silence: Silence) -> str:
    return _("Silenced: %(about)s, %(when)s. What still holds then is told once.") % {
        "about": about_of(silence), "when": when_of(silence),
    }  # fmt: skip


def _on_page(silence: Silence, user: User) -> dict[str, object]:
    return {
        "silence": silence,
        "about": about_of(silence),
        "when": when_of(silence),
        "is_on": is_on(silence, timezone.now()),
        "may_end": may(user, silence.team, Role.MEMBER),
    }


def _mistakes(form: SilenceForm) -> list[dict[str, str]]:
    """Give what is wrong, for the list above the form."""
    return [
        {
            "target": f"field-{name}" if name in form.fields else "",
            "label": _label(form, name),
            "text": " ".join(map(str, texts)),
        }
        for name, texts in form.errors.items()
    ]


def _label(form: SilenceForm, name: str) -> str:
    return str(form.fields[name].label) if name in form.fields else ""


def _put_errors(form: SilenceForm, error: ValidationError) -> None:
    for name, texts in error.message_dict.items():
        form.add_error(name if name in form.fields else None, texts)
