"""Edit the aliases and tags of a version, as a page's form sends them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from artifacts import services
from artifacts.models import Entry
from common.data.validation_errors import refuse
from teams.models import User


@dataclass(frozen=True)
class AliasOrTagForm:
    """What one may put on a version, and how that is said."""

    add: Callable[[Entry, str, User], object]
    remove: Callable[[Entry, str, User], object]
    added: str | Promise
    removed: str | Promise
    nothing: str | Promise


ALIAS_AND_TAG_FORMS = {
    "alias": AliasOrTagForm(
        lambda entry, name, by: services.add_aliases(entry, [name], by=by),
        lambda entry, name, by: services.remove_alias(entry, name),
        gettext_lazy("The alias %(name)s is on v%(index)s."),
        gettext_lazy("The alias %(name)s is taken from v%(index)s."),
        gettext_lazy("Write an alias first."),
    ),
    "tag": AliasOrTagForm(
        lambda entry, name, by: services.add_tags(entry, [name], by=by),
        lambda entry, name, by: services.remove_tags(entry, [name], by=by),
        gettext_lazy("v%(index)s is tagged %(name)s."),
        gettext_lazy("The tag %(name)s is taken from v%(index)s."),
        gettext_lazy("Write a tag first."),
    ),
}


def change_aliases_and_tags(entry: Entry, sent: Mapping[str, str], *, by: User) -> str:
    """Add or remove the alias or tag that was sent; give what to say of it."""
    mark = ALIAS_AND_TAG_FORMS.get(sent.get("mark", ""))
    if mark is None:
        refuse("mark", _("Say whether it is an alias or a tag."))
    name, gone = sent.get("add", "").strip(), sent.get("remove", "")
    if name:
        mark.add(entry, name, by)
        return mark.added % {"name": name, "index": entry.index}
    if not gone:
        refuse(sent["mark"], str(mark.nothing))
    mark.remove(entry, gone, by)
    return mark.removed % {"name": gone, "index": entry.index}
