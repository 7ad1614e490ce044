"""Every stop of the tour: nothing keeps people out, nothing breaks, and it fits a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.tour import PAGES, Stop
from tests.browser.watched import Watched, assert_open_to_all, overflow

STOPS = [pytest.param(stop, id=stop.name) for stop in PAGES if not stop.is_before_signing_in]


@pytest.mark.parametrize("stop", STOPS)
def test_a_page_is_open_to_all_in_light_and_dark(stop: Stop, watched: Watched) -> None:
    watched.expected = ["404"] if stop.name == "error-404" else []
    assert stop.go(watched.page), f"{stop.name} is not there"
    watched.page.wait_for_load_state("networkidle")
    assert_open_to_all(watched.page)


@pytest.mark.parametrize("stop", STOPS)
def test_a_page_fits_a_phone(stop: Stop, phone: Page, phone_watched: Watched) -> None:
    phone_watched.expected = ["404"] if stop.name == "error-404" else []
    stop.go(phone)
    phone.wait_for_load_state("networkidle")
    assert overflow(phone) == []
