"""`make screenshots`: every page, in light, in dark and on a phone, of a Runbell of its own.

    python -m tests.browser.screenshots [part of a name ...]

looks at the pages of these names alone. RUNBELL_SHOW, RUNBELL_SHOW_USER and RUNBELL_SHOW_PASSWORD name another Runbell.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.browser import chromium
from tests.browser.conftest import new_password
from tests.browser.tour import PAGES, Stop
from tests.browser.watched import DESK, PHONE, new_context, sign_in
from tests.processes import ROOT, Server, new_environment

FOLDER = Path(os.environ.get("RUNBELL_SHOW_FOLDER", ROOT / "docs" / "screenshots"))
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": DESK, "color_scheme": "light"},
    "dark": {"viewport": DESK, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "color_scheme": "light", "has_touch": True, "is_mobile": True},
}

# Parts of a page that are still to come.
_AWAITED = ".htmx-request, .skeleton:visible, figure[data-chart]:visible:not(:has(canvas))"


def main(wanted: list[str]) -> None:
    if chromium.path() is None:
        sys.exit("There is no Chromium here; install it (apt-get install chromium).")
    FOLDER.mkdir(parents=True, exist_ok=True)
    stops = [stop for stop in PAGES if not wanted or any(part in stop.name for part in wanted)]
    with running() as (url, username, password), chromium.launched() as browser:
        for look, options in LOOKS.items():
            _take(browser, url, (username, password), look, options, stops)


@contextmanager
def running() -> Iterator[tuple[str, str, str]]:
    if url := os.environ.get("RUNBELL_SHOW"):
        yield url, os.environ["RUNBELL_SHOW_USER"], os.environ["RUNBELL_SHOW_PASSWORD"]
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        new_environment(Path(folder)) as environment,
        Server({**environment, "RUNBELL_SAMPLE": "true"}) as server,
    ):
        server.wait_until_ready(60)
        file = (Path(folder) / "sign-in.txt").read_text().splitlines()
        values = {name: value for name, _, value in (line.partition(" = ") for line in file)}
        yield server.url, values["user"], new_password(server.url, values)


def _take(
    browser: Browser, url: str, who: tuple[str, str], look: str, options: dict[str, Any], stops: list[Stop]
) -> None:
    context = new_context(browser, url, reduced_motion="reduce", **options)
    page = context.new_page()
    for stop in [stop for stop in stops if stop.is_before_signing_in]:
        _shoot(page, stop, look)
    sign_in(page, *who)
    for stop in [stop for stop in stops if not stop.is_before_signing_in]:
        _shoot(page, stop, look)
    context.close()


def _shoot(page: Page, stop: Stop, look: str) -> None:
    if not stop.go(page):
        print(f"left out: {stop.name} is not there")
        return
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    # It is where it clicked last, and what is under it would be lit up.
    page.mouse.move(0, 0)
    page.wait_for_timeout(150)
    path = FOLDER / f"{stop.name}-{look}.png"
    path.write_bytes(_small(_whole(page) if stop.is_whole else page.screenshot()))
    print(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def _whole(page: Page) -> bytes:
    """Make the window as tall as the page: what keeps to its edges stands there, and what comes when seen has come."""
    usual = page.viewport_size or DESK
    # What comes may push the next out of sight again. What never comes is shown so.
    for _once_more in range(20):
        _stretch(page)
        if not page.locator(_AWAITED).count():
            break
    # Anew: what came may be lower than its place was, and no page is lower than its window. Twice: a column may grow.
    page.set_viewport_size(usual)
    _stretch(page)
    _stretch(page)
    png = page.screenshot()
    page.set_viewport_size(usual)
    return png


def _stretch(page: Page) -> None:
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({**(page.viewport_size or DESK), "height": height})
    page.wait_for_timeout(250)


def _small(png: bytes) -> bytes:
    """Reduce to 256 colours where Pillow is installed: a third of the size, and pages have no more."""
    try:
        from PIL import Image
    except ImportError:
        return png
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    out = io.BytesIO()
    # The usual way spends them on greys, and turns amber to brown.
    few = picture.quantize(256, method=Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
    few.save(out, "PNG", optimize=True)
    return out.getvalue()


if __name__ == "__main__":
    main(sys.argv[1:])
