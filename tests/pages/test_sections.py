"""The sidebar of a project and of a registry."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests.pages.people import text
from tests.world import World

_LINK = re.compile(r'<li><a href="([^"]+)"(?: aria-current="(\w+)")?>')


def sections(client: Client, address: str) -> dict[str, str]:
    """Give where the sidebar of the page leads, and how each is marked."""
    page = text(client.get(address))
    (sidebar,) = re.findall(r'<nav class="sections".*?</nav>', page, re.DOTALL)
    return dict(_LINK.findall(sidebar))


@pytest.mark.parametrize("at", ["", "/runs", "/artifacts", "/automations", "/history"])
def test_each_section_of_a_project_marks_itself_alone(bob: Client, world: World, at: str) -> None:
    home = world.project.get_absolute_url()
    marked = dict.fromkeys([f"{home}{one}" for one in ("", "/runs", "/artifacts", "/automations", "/history")], "")
    assert sections(bob, f"{home}{at}") == {**marked, f"{home}{at}": "page"}


def test_a_page_within_a_section_marks_the_section_but_not_as_the_page(bob: Client, world: World) -> None:
    home = world.project.get_absolute_url()
    assert sections(bob, f"{home}/automations/new")[f"{home}/automations"] == "true"
