"""Texts that browser scripts say, translated: a template tag for the frame of every page."""

from __future__ import annotations

import json

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

register = template.Library()


@register.simple_tag
def script_texts() -> str:
    """Give what scripts say, in the language of the page, as JSON; `%s` and `%d` are theirs to fill."""
    words = {
        "now": _("now"),
        "ago": _("%s ago"),
        "in": _("in %s"),
        "seconds": _("%d s"),
        "minutes": _("%d min"),
        "hours": _("%d h"),
        # Scripts say it of two days and more.
        "days": ngettext("%d day", "%d days", 2),
        "copied": _("copied"),
        "close": _("Close"),
        "keyKnown": _("This key is yours already."),
        "noKey": _("No key answered. Try again, or choose another way."),
        "broken": _("That did not work. Reload the page and try again."),
        "unreachable": _("Runbell does not answer. Nothing was changed; try again when it does."),
    }
    return json.dumps(words, ensure_ascii=False)
