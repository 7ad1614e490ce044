"""Names that would do harm on a page that trusts them, and the look that shows none did."""

from __future__ import annotations

from collections.abc import Iterable

from playwright.sync_api import Page

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    '"><script>alert(3)</script>',
    "'><img src=x onerror=alert(4)>",
    "</title><script>alert(5)</script>",
    "</textarea><script>alert(6)</script>",
    "</style><script>alert(7)</script>",
    "</script><script>alert(8)</script>",
    "<svg onload=alert(9)>",
    "<svg><script>alert(10)</script></svg>",
    '" onmouseover="alert(11)',
    "' onfocus='alert(12)' autofocus='",
    '" autofocus onfocus=alert(13) x="',
    "javascript:alert(14)",
    "<a href=javascript:alert(15)>x</a>",
    "<iframe srcdoc='<script>alert(16)</script>'></iframe>",
    "<iframe src=javascript:alert(17)></iframe>",
    "<object data=javascript:alert(18)>",
    "<embed src=javascript:alert(19)>",
    "<form action=javascript:alert(20)><button>x</button></form>",
    "<details open ontoggle=alert(21)>",
    "<video><source onerror=alert(22)></video>",
    "<math><mi xlink:href=javascript:alert(23)>x</mi></math>",
    "<base href=//evil.test/>",
    "<link rel=stylesheet href=//evil.test/x.css>",
    "<meta http-equiv=refresh content=0;url=javascript:alert(26)>",
    "<body onload=alert(27)>",
    "{{ 7*7 }}{% now 'Y' %}${alert(28)}",
    "<!--><img src=x onerror=alert(29)>-->",
    "\u202e<b>gnp.exe</b>\u200b<img src=x onerror=alert(30)>",
]


def assert_harmless(page: Page, addresses: Iterable[str]) -> None:
    """Visit the pages. A dialog, a breach of the policy, an error fail the fixture `page`; here elements do."""
    for address in addresses:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        # Whatever is there without our making is what somebody typed. Django's admin has pictures of its own.
        grown = page.evaluate(
            "() => [...document.querySelectorAll('iframe, object, embed, base, math, video, main b, [onerror], "
            "[onload], [onclick], [onfocus], [onmouseover], [ontoggle], img:not([src*=static])')]"
            ".map((one) => one.outerHTML.slice(0, 120))"
        )
        assert grown == [], f"{address}: {grown}"


def assert_shown(page: Page, texts: Iterable[str]) -> None:
    """Look for the texts on the page as it stands: as text, on hover where one is cut, or in a field."""
    page.wait_for_load_state("networkidle")
    shown = page.evaluate(
        "() => document.body.textContent + ' ' + [...document.querySelectorAll('[title], input, textarea, option')]"
        ".map((one) => `${one.title} ${one.value ?? ''}`).join(' ')"
    )
    together = " ".join(shown.split())
    missing = [text for text in texts if " ".join(text.split()) not in together]
    assert missing == [], f"{page.url}: {missing}"
