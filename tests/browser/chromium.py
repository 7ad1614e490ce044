"""Debian's Chromium, driven by Playwright, which brings none of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Every name but this machine's leads nowhere: nothing of ours may come from elsewhere.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    # With RenderDocument a page that is closed while it goes elsewhere is never closed, and the test waits for ever:
    # crbug.com/536385539, playwright issue 42068. The others are of Playwright's own list, which this one replaces.
    "--disable-features=RenderDocument,AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,"
    "HttpsUpgrades,MediaRouter,PaintHolding",
]


def path() -> str | None:
    wanted = os.environ.get("RUNBELL_TEST_CHROMIUM")
    return wanted or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def launched() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path(), args=_OPTIONS)
        try:
            yield browser
        finally:
            browser.close()
