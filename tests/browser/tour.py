"""Every page there is: where the screenshots and the search for barriers go. Add yours here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page


@dataclass(frozen=True)
class Stop:
    """A page by its address, or by what to do on it: `act` gives False where the page is not there."""

    name: str
    address: str
    act: Callable[[Page], object] | None = None
    is_before_signing_in: bool = False
    is_whole: bool = False

    def go(self, page: Page) -> bool:
        answer = page.goto(self.address)
        if answer is None or (answer.status == 404 and not self.name.startswith("error")):
            return False
        return self.act is None or self.act(page) is not False


def first_link(selector: str) -> Callable[[Page], object]:
    """Follow the first link of these; the page is left out where there is none."""

    def act(page: Page) -> bool:
        links = page.locator(selector)
        if not links.count():
            return False
        links.first.click()
        page.wait_for_load_state()
        return True

    return act


def shortcuts(page: Page) -> None:
    page.keyboard.press("?")


def typed_search(page: Page) -> None:
    if page.locator(".finder input").is_visible():
        page.keyboard.press("/")
        page.keyboard.type("p", delay=50)
        page.locator(".offered a").first.wait_for()


def retention_asked(page: Page) -> None:
    """Ask what would go of a team's events."""
    page.locator("main [data-retention] a").first.click()
    page.get_by_label("Events").fill("30")
    page.get_by_role("button", name="Show what would go").click()
    page.wait_for_load_state()


def pressed(*names: str) -> Callable[[Page], object]:
    """Press these buttons, one after the other."""

    def act(page: Page) -> None:
        for name in names:
            page.get_by_role("button", name=name).click()
            page.wait_for_load_state("networkidle")

    return act


def then(*selectors: str) -> Callable[[Page], object]:
    """Follow a link, then one on the page it leads to."""
    return lambda page: all(first_link(selector)(page) for selector in selectors)


def backtested(page: Page) -> None:
    page.locator("#backtest .answer").wait_for()


def switcher(page: Page) -> None:
    # On a phone it stands in the person's menu.
    if page.locator(".switcher summary").is_visible():
        page.locator(".switcher summary").click()


def ask_first(page: Page) -> None:
    page.get_by_role("link", name="Remove the sample").click()
    page.locator("dialog form").wait_for()


def selected_runs(page: Page) -> None:
    for place in range(2):
        page.locator("main .list tbody input[type=checkbox]").nth(place).check()
    page.get_by_role("button", name="Delete the selected runs").click()
    page.locator("#confirm").wait_for()


_TEAM, _PROJECT = "/demo", "/demo/digits"
_METRIC = (
    f"{_PROJECT}/automations/new?event=RUN_METRIC&metric=val/loss&metric_threshold-threshold=0.5&name=Loss+is+high"
)
PAGES = [
    Stop("sign-in", "/sign-in", is_before_signing_in=True),
    Stop("team", _TEAM),
    Stop("teams", "/teams"),
    Stop("hub", "/automations"),
    Stop("silences", "/automations/silences"),
    Stop("search", "/search?q=a"),
    Stop("search-offers", _TEAM, typed_search),
    Stop("shortcuts", _TEAM, shortcuts),
    Stop("person-menu", _TEAM, lambda page: page.get_by_label("Signed in as").click()),
    Stop("switcher", _TEAM, switcher),
    Stop("ask-first", _TEAM, ask_first),
    Stop("profile", "/profile"),
    Stop("exports", "/profile/exports?name=demo/digits"),
    Stop("deletions", "/profile/deletions"),
    Stop("delete", "/profile/deletions/new?kind=project&name=demo/digits"),
    Stop("two-factor", "/profile/two-factor"),
    Stop("two-factor-app", "/profile/two-factor/app"),
    Stop("two-factor-key", "/profile/two-factor/keys"),
    Stop("sessions", "/profile/sessions"),
    Stop("people", "/teams/demo/people"),
    Stop("people-new-account", "/teams/demo/people#new-account"),
    Stop("team-name", "/teams/demo/name"),
    Stop("organizations", "/orgs"),
    Stop("organization", "/orgs/demo", is_whole=True),
    Stop("registry-new", "/orgs/demo/registries"),
    Stop("registry-edit", "/registry", then("main .list a", "main a:text-is('Edit')")),
    Stop("leave-team", "/profile/teams/demo/leave"),
    Stop("api-keys", "/authorize"),
    Stop("registries", "/registry"),
    Stop("registry", "/registry", first_link("main .list a")),
    Stop("registry-collection", "/registry", then("main .list a", "main .list .main a"), is_whole=True),
    Stop(
        "registry-version", "/registry", then("main .list a", "main .list .main a", "main .list .main a"), is_whole=True
    ),
    Stop("registry-members", "/registry", then("main .list a", ".sections li:nth-child(4) a")),
    Stop("project", _PROJECT, is_whole=True),
    Stop("artifacts", f"{_PROJECT}/artifacts"),
    Stop("collection", f"{_PROJECT}/artifacts/model/digits-net", is_whole=True),
    Stop("version", f"{_PROJECT}/artifacts/model/digits-net/best", is_whole=True),
    Stop("version-link", f"{_PROJECT}/artifacts/model/digits-net/best/link"),
    Stop("runs-first", "/demo/playground/runs"),
    Stop("runs-filtered", f"{_PROJECT}/runs?state=pending&q=nothing"),
    Stop("integrations", f"{_TEAM}/integrations"),
    Stop("deliveries", f"{_TEAM}/integrations/webhook/sample-receiver/deliveries"),
    Stop("runs", f"{_PROJECT}/runs"),
    Stop("delete-runs", f"{_PROJECT}/runs", selected_runs),
    Stop("runs-by-metric", f"{_PROJECT}/runs?sort=lowest:val/loss"),
    Stop("run", f"{_PROJECT}/runs", first_link("main .list .main a"), is_whole=True),
    Stop("run-log", f"{_PROJECT}/runs", then("main .list .main a", "[data-ending] .further a")),
    Stop("project-edit", f"{_PROJECT}/edit"),
    Stop("run-edit", f"{_PROJECT}/runs", then("main .list .main a", "main a:text-is('Edit')")),
    Stop("automations", f"{_PROJECT}/automations"),
    Stop("new-automation", f"{_PROJECT}/automations/new"),
    Stop("new-automation-scope", "/automations/new"),
    Stop("new-automation-metric", _METRIC, backtested, is_whole=True),
    Stop("new-automation-action", f"{_METRIC}", pressed("Next: what it does")),
    Stop("new-automation-details", f"{_METRIC}", pressed("Next: what it does", "Next: name and limits")),
    Stop("registry-automations", "/registry", then("main .list a", ".sections li:nth-child(2) a")),
    Stop("automation-why", f"{_PROJECT}/automations", then("main .list .main a", "text=Why did it fire, or not?")),
    Stop("automation", f"{_PROJECT}/automations", first_link("main .list .main a")),
    Stop("history", f"{_PROJECT}/history"),
    Stop("execution", f"{_PROJECT}/history", first_link("main .list .main a")),
    Stop("settings", "/settings/"),
    Stop("settings-retention", "/settings/", then("main [data-retention] a")),
    Stop("settings-retention-due", "/settings/", retention_asked, is_whole=True),
    Stop("settings-members", "/settings/teams/membership/"),
    Stop("settings-invitations", "/settings/teams/invitation/"),
    Stop("settings-invitation-new", "/settings/teams/invitation/add/"),
    Stop("settings-secrets", "/settings/secrets_vault/secret/"),
    Stop("settings-webhooks", "/settings/integrations/webhook/"),
    Stop("settings-webhook-new", "/settings/integrations/webhook/add/"),
    Stop("settings-slack", "/settings/integrations/slackchannel/"),
    Stop("settings-google-chat", "/settings/integrations/google_chat/"),
    Stop("settings-google-chat-new", "/settings/integrations/google_chat/add/"),
    Stop("settings-ntfy", "/settings/integrations/ntfy/"),
    Stop("settings-ntfy-new", "/settings/integrations/ntfy/add/"),
    Stop("settings-artifact-ttl", "/settings/", first_link("[data-artifact-ttl] a")),
    Stop("settings-audit", "/settings/teams/auditevent/"),
    Stop("settings-keys", "/settings/teams/apikey/add/"),
    Stop("administration", "/admin/"),
    Stop("error-404", "/demo/nowhere"),
]
