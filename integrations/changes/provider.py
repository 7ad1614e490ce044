"""The provider of changes: carries them out here, in the transaction that stores the attempt, so exactly once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from integrations.changes.carrying_out import CHANGES, NothingToChange
from outbound.provider import Delivery, Outcome, Provider, Receiver, Record, registry
from teams.models import Team


@registry.register
class ChangesProvider(Provider):
    """Changes the run or version that the event is about, where that is the automation's team's own."""

    key = "changes"
    label = _("Runbell")
    noun = _("team")
    at_home = True

    @classmethod
    def receivers(cls, ids: Iterable[int]) -> dict[int, Receiver]:
        """Give one for each team, by its number."""
        there = Team.objects.filter(pk__in=set(ids)).values_list("pk", flat=True)
        return {pk: Receiver(f"{cls.key}:{pk}", "", pk) for pk in there}

    @classmethod
    def send(cls, receiver: Receiver, delivery: Delivery) -> Record:
        """Change nothing: a test shows what would be done."""
        return Record({}, None, Outcome(True, f"A test changes nothing. It would do: {delivery.masked}"), 0.0)

    @classmethod
    def carry_out(cls, receiver: Receiver, delivery: Delivery, about: Mapping[str, Any]) -> Outcome:
        """Change what the event is about. What is gone, another team's or refused is an outcome."""
        asked = json.loads(delivery.body)
        change = CHANGES[asked["change"]]
        try:
            with transaction.atomic():
                return Outcome(True, change(receiver.team_id, about, asked))
        except NothingToChange as error:
            return Outcome(False, str(error))
        except ValidationError as error:
            return Outcome(False, " ".join(error.messages))
