"""The option to add the run's log, on the form of an automation."""

from __future__ import annotations

import re

from django.test import Client

from integrations.models import Integration
from tests.pages.people import NEW, text
from tests.world import World


def test_the_option_is_a_box_beside_its_label_and_choices_of_many_stay_a_group(bob: Client, world: World) -> None:
    settings = {"server": "https://ntfy.test", "topic": "t", "token": ""}
    Integration.objects.create(team=world.team, kind="ntfy", name="night", settings=settings)
    page = text(bob.get(f"{NEW}?event=RUN_STATE&action=notify_ntfy"))
    assert re.search(r'<div class="field check" id="field-notify_ntfy-with_log">\s*<input type="checkbox"', page)
    assert re.search(r'id="field-[\w-]*states">\s*<fieldset', page)
