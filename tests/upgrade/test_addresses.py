"""Every address of 0.1.0 still answers, leads to where the thing is now, or says with 410 where that is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests

from tests.upgrade.conftest import Upgraded

pytestmark = pytest.mark.processes

LIST = Path(__file__).parent / "addresses_0_1_0.txt"
# What an address says that is there: it shows, asks for another method, or refuses for a reason that is not "nothing".
THERE = {200, 204, 400, 403, 405, 422}
# Where Django's admin sends people who ask for a row that is gone.
ENTRANCES = ("/admin/", "/settings/")


def addresses() -> list[tuple[str, int, str]]:
    """Give who asked, what 0.1.0 answered, and the address; but those where nothing was."""
    lines = [line.split("\t") for line in LIST.read_text().splitlines() if not line.startswith("#")]
    return [(person, int(status), address) for person, status, address, _pattern in lines if status != "404"]


def test_each_address_of_before_answers_leads_on_or_names_the_new_one(upgraded: Upgraded) -> None:
    browsers = {person: upgraded.browser(person) for person in ("ada", "root")}
    wrong = {}
    for person, status, address in addresses():
        problem = _problem(upgraded, browsers[person], person, address, was_there=status == 200)
        if problem:
            wrong[address] = problem
    assert wrong == {}


def test_the_list_is_that_of_all_pages_and_of_rest() -> None:
    listed = [address for _person, _status, address in addresses()]
    assert len([one for one in listed if one.startswith("/api/v1/")]) > 80
    assert len([one for one in listed if not one.startswith(("/api/", "/admin/", "/settings/"))]) > 80


def test_a_form_that_was_open_during_the_upgrade_is_sent_on_with_what_was_typed(upgraded: Upgraded) -> None:
    browser = upgraded.browser("ada")
    sent = {"since": "soon", "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
    there = f"{upgraded.url}/vision/webhooks/plain hook/redeliver"
    answer = browser.post(there, sent, timeout=20, allow_redirects=False)
    assert answer.status_code == 307
    # No time: the page of today refuses what was typed, so nothing is delivered again.
    refused = browser.post(upgraded.url + answer.headers["Location"], sent, timeout=20, allow_redirects=False)
    assert refused.status_code == 422
    assert "That is no time." in refused.text


def _problem(upgraded: Upgraded, browser: requests.Session, person: str, address: str, *, was_there: bool) -> str:
    """Say what is wrong with the answer at an address; blank where nothing is."""
    is_rest = address.startswith("/api/")
    answer = upgraded.ask(person, address) if is_rest else upgraded.open(browser, address)
    if answer.status_code == 410:
        return _problem_of_new_address(upgraded, browser, person, answer)
    if was_there and address not in ENTRANCES and answer.url.removeprefix(upgraded.url) in ENTRANCES:
        return "leads back to the entrance"
    return "" if answer.status_code in THERE else f"{answer.status_code} {answer.text[:200]}"


def _problem_of_new_address(
    upgraded: Upgraded, browser: requests.Session, person: str, answer: requests.Response
) -> str:
    named = re.search(r"/(?:api/v1/|[\w.-])[^\s\"'<>]*[^\s\"'<>.,]", answer.text)
    if named is None:
        return f"410 that names no address: {answer.text[:200]}"
    new = upgraded.ask(person, named[0]) if named[0].startswith("/api/") else upgraded.open(browser, named[0])
    return "" if new.status_code in THERE else f"410 naming {named[0]}, which answers {new.status_code}"
