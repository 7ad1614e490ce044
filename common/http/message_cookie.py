"""Messages cookie: what the next page is to say, in a cookie with the same protection as the session's."""

from __future__ import annotations

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpResponse


class MessageCookie(CookieStorage):
    """Over https no neighbour under the same domain can set it: else they would put words into our pages."""

    @property
    def cookie_name(self) -> str:  # type: ignore[override]  # Django's has one name for all
        return settings.SESSION_COOKIE_NAME.replace("sessionid", "messages")

    def _update_cookie(self, encoded_data: str, response: HttpResponse) -> None:
        super()._update_cookie(encoded_data, response)  # type: ignore[misc]  # the stubs do not know it
        if self.cookie_name in response.cookies:
            # Django's has the path / always.
            response.cookies[self.cookie_name]["path"] = settings.SESSION_COOKIE_PATH
