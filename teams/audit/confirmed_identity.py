"""Re-authentication (step-up, "sudo mode"): what a browser changes only after its person has confirmed who they are.

One rule for every door: each change writes an audit row in its own transaction, and where that row is about keys,
members, secrets, integrations or anything else that is not listed here, it is refused unless the session's person
confirmed lately (`teams.sign_in.confirm_identity`). What is new asks by itself. Requests with an API key are not asked.
"""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from teams.audit import actor

# What people do all day, and what says who they are. Of `user`: their own name and time zone; that they are made,
# switched off and given rights is done at /admin/, which asks for everything (`teams.superusers.superuser_admin_site`).
UNASKED = frozenset({
    "sign_in", "sign_out", "session", "access", "user", "run", "project", "collection", "automation", "execution",
    "registry",
})  # fmt: skip
# An integration is switched off by what its receiver answered, not by whoever tested it.
_UNASKED_ENDS = (".disable",)


class IdentityNotConfirmed(PermissionDenied):
    """Nothing is changed: the person has to confirm first who they are. Pages lead there, REST says so."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Keys, members, secrets and integrations are changed only by whoever has just shown who they are. "
                "Confirm that it is you at %(url)s/profile/confirm, then send this again; or send it with an API key."
            )
            % {"url": settings.RUNBELL_URL}
        )


def asks(verb: str) -> bool:
    return verb.partition(".")[0] not in UNASKED and not verb.endswith(_UNASKED_ENDS)


def require_confirmed() -> None:
    """Refuse where a browser acts whose person has not confirmed lately. Raises IdentityNotConfirmed."""
    if not actor.current().is_confirmed():
        raise IdentityNotConfirmed
