"""Key rotation page of a webhook: a new signing secret, while the old one still counts for a day."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from common.data.lookup import row_or_404
from integrations.webhook import services
from integrations.webhook.models import Webhook
from teams.access import note_hidden
from teams.accounts.signed_in import person
from teams.settings_site.forms import Unshown


class RotationForm(forms.Form):
    value = forms.CharField(
        label=_("New signing secret"),
        strip=False,
        widget=Unshown,
        help_text=_("For 24 hours deliveries carry two signatures, so that the receiver can change at its own time."),
    )


@sensitive_post_parameters("value")
def rotate_page(request: HttpRequest, pk: int, *, rows: admin.ModelAdmin[Webhook]) -> HttpResponse:
    if not rows.get_queryset(request).filter(pk=pk).exists():
        note_hidden(Webhook.objects.filter(pk=pk))
    webhook = row_or_404(rows.get_queryset(request), f"webhook {pk}", pk=pk)
    form = RotationForm(request.POST or None, use_required_attribute=False)
    if form.is_bound and form.is_valid() and _rotated(request, webhook, form):
        rows.log_change(request, webhook, str(_("Rotated the signing secret.")))
        messages.success(request, _("The signing secret of %s has a new value.") % webhook.name)
        return redirect(reverse("admin:integrations_webhook_change", args=[pk], current_app=rows.admin_site.name))
    request.current_app = rows.admin_site.name  # where {% url %} looks
    context: dict[str, Any] = {
        **rows.admin_site.each_context(request), "opts": rows.opts, "title": _("Rotate the signing secret"),
        "webhook": webhook, "form": form,
    }  # fmt: skip
    return TemplateResponse(request, "webhook/rotate.html", context)


def _rotated(request: HttpRequest, webhook: Webhook, form: RotationForm) -> bool:
    # Browsers send the line ends of a text area as CRLF; a key is written with LF.
    value = form.cleaned_data["value"].replace("\r\n", "\n")
    try:
        services.rotate_signing_secret(webhook, value, by=person(request))
    except ValidationError as error:
        form.add_error("value", [text for texts in error.message_dict.values() for text in texts])
        return False
    return True
