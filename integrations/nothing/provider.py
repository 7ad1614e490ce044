"""The provider of `do_nothing`: sends nothing, for automations that are only tried."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from outbound.provider import Delivery, Outcome, Provider, Receiver, Record, registry
from teams.models import Team


@registry.register
class NothingProvider(Provider):
    """Sends nothing, and says so."""

    key = "nothing"
    label = _("Nothing")
    noun = _("team")

    @classmethod
    def receivers(cls, ids: Iterable[int]) -> dict[int, Receiver]:
        """Give one for each team, by its number."""
        there = Team.objects.filter(pk__in=set(ids)).values_list("pk", flat=True)
        return {pk: Receiver(f"{cls.key}:{pk}", "", pk) for pk in there}

    @classmethod
    def send(cls, receiver: Receiver, delivery: Delivery) -> Record:
        return Record({}, None, Outcome(True, "Nothing was sent."), 0.0)
