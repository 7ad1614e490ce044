"""Invitations to a team: made here, mailed or shown once, and taken back."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from common.templatetags.formatting import ago
from teams.joining import invitations
from teams.models import Invitation, User
from teams.settings_site.forms import ServiceForm
from teams.settings_site.shown_once import ShownOnce
from teams.settings_site.team_settings_admin_site import team_settings


class InvitationForm(ServiceForm[Invitation]):
    link = ""

    class Meta:
        model = Invitation
        fields = ["team", "role", "email"]
        help_texts = {
            "email": _("The link goes there where this Runbell sends e-mail. Empty: you get it, and hand it over.")
        }

    def perform(self, values: dict[str, Any]) -> Invitation:
        invitation, self.link = invitations.invite(values["team"], values["role"], values["email"], by=self.person)
        return invitation


@admin.register(Invitation, site=team_settings)
class InvitationAdmin(ShownOnce[Invitation]):
    once_template = "admin/team_settings/new_invitation.html"
    once_title = _("Your new invitation")
    add_form = change_form = InvitationForm
    fixed = ()
    intro = _("Whoever is not of the organization joins by a link: good once and for seven days.")
    empty = _("Open invitations will be here: whoever is not of the organization joins by a link.")
    icon = "team"

    list_display = ("for_whom", "role", "team", "by", "created", "expires", "emailed")
    list_select_related = ("team", "made_by")
    search_fields = ("email",)
    search_help_text = _("Search by e-mail address")
    ordering = ("-pk",)

    def narrowed(self, rows: QuerySet[Invitation], user: User) -> QuerySet[Invitation]:
        return super().narrowed(rows, user).filter(pk__in=invitations.open_invitations().order_by().values("pk"))

    def get_fields(self, request: HttpRequest, obj: Invitation | None = None) -> tuple[str, ...]:
        return self.list_display if obj else ("team", "role", "email")

    def shown_once(self, form: Any) -> dict[str, Any]:
        return {"invitation": form.instance, "link": form.link}

    @admin.display(description=_("for"), ordering="email")
    def for_whom(self, invitation: Invitation) -> str:
        return invitation.email or str(_("Whoever has the link"))

    @admin.display(description=_("invited by"))
    def by(self, invitation: Invitation) -> str:
        return str(invitation.made_by)

    @admin.display(description=_("created"), ordering="created_at")
    def created(self, invitation: Invitation) -> str:
        return ago(invitation.created_at)

    @admin.display(description=_("expires"), ordering="expires_at")
    def expires(self, invitation: Invitation) -> str:
        return ago(invitation.expires_at)

    @admin.display(description=_("e-mailed"), ordering="emailed_at")
    def emailed(self, invitation: Invitation) -> str:
        return ago(invitation.emailed_at)

    def remove(self, row: Invitation) -> None:
        invitations.revoke(row)

    def losses(self, row: Invitation) -> list[str]:
        return ["Its link opens nothing any more."]
