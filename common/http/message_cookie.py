"""Messages cookie: what the next page is to say, in a cookie with the same protection as the session's."""

from __future__ import annotations

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage

_HOST_ALONE = "__Host-"


class MessageCookie(CookieStorage):
    """Over https no neighbour under the same domain can set it: else they would put words into our pages."""

    @property
    def cookie_name(self) -> str:  # type: ignore[override]  # Django's has one name for all
        return f"{_HOST_ALONE}messages" if settings.SESSION_COOKIE_NAME.startswith(_HOST_ALONE) else "messages"
