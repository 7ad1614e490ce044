"""Who gets which answer at every address. A new route needs a row here, else tests/access/ fails and says so.

Everything asked for belongs to the team acme. The answers are, in this order, to:

- anonymous: nobody is signed in
- charlie: the admin of another team of the same organization
- vera, bob, alice: viewer, member and admin of acme; alice administers the organization too

Two more follow by themselves. `revoked` shows an API key that was taken back: 401 over REST, and a page takes them for
anonymous. `former` was on the team: the answer is charlie's, unless FORMER says otherwise.

Whoever is refused (401, 403, 404, or sent to the sign-in) must have changed nothing: the test compares every table.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from integrations.kind import in_order
from tests.access.kind_examples import example_on_loopback
from tests.pages.people import typed
from tests.world import FAILED

# The token of an invitation to acme.
INVITATION = "i" * 43
# Another session of alice's, as the table has it.
SESSION = "5" * 40
PEOPLE = ("anonymous", "charlie", "vera", "bob", "alice")
RUN = "projects/<str:team>/<str:project>/runs/<str:run>"
AUTOMATION: dict[str, Any] = {
    "name": "second",
    "scope": {"type": "project", "name": "acme/mnist"},
    "event": "RUN_STATE",
    "conditions": [FAILED],
    "action": {"type": "send_webhook", "webhook": "hook"},
}
CHANGED = {**AUTOMATION, "name": "first"}
DOCUMENT = {"automations": [{**AUTOMATION, "scope": "acme/mnist"}]}
LINK = {"version": "acme/mnist/model:v0"}
WORKSPACE = "teams/<str:team>/slack-workspaces/<str:workspace>"
NOTHING = {"team": "acme", "action": {"type": "do_nothing"}}
RUN1 = {"project": "acme/mnist", "runs": ["run1"], "confirm": "1"}
MNIST = {"kind": "project", "name": "acme/mnist"}
NIGHTLY = {"tag": "nightly", "weekdays": [0, 1], "from_time": "22:00"}
SILENT = {**NIGHTLY, "minutes": 480}
ACCOUNTS = "teams/<str:team>/service-accounts"
# Whose own things they are, every signed-in person may see and change: charlie too.
OWN = (401, 200, 200, 200, 200)
ADMINS = (401, 404, 403, 403)
MEMBERS = (401, 404, 403)
TEAM = (401, 404, 200, 200, 200)

# What REST takes to make one of each kind.
KINDS = {kind.key: example_on_loopback(kind, name="second") for kind in in_order()}


def integrations(kind: str) -> dict[str, tuple[Any, tuple[int, ...]]]:
    """What there is for each kind of integration."""
    rows = f"teams/<str:team>/integrations/{kind}"
    return {
        f"GET {rows}": (None, TEAM),
        f"POST {rows}": (KINDS[kind], (*ADMINS, 201)),
        f"GET {rows}/<str:name>": (None, TEAM),
        f"PUT {rows}/<str:name>": ({**KINDS[kind], "name": "other"}, (*ADMINS, 200)),
        f"PATCH {rows}/<str:name>": ({"enabled": False}, (*ADMINS, 200)),
        f"DELETE {rows}/<str:name>": (None, (*ADMINS, 204)),
        f"POST {rows}/<str:name>/test": ({}, (*ADMINS, 200)),
        f"GET {rows}/<str:name>/deliveries": (None, TEAM),
        f"POST {rows}/<str:name>/redeliver": ({"since": "2026-01-01T00:00:00Z"}, (*ADMINS, 200)),
    }


def integration_pages(kind: str) -> dict[str, tuple[Any, tuple[int, ...]]]:
    one = f"<str:team>/integrations/{kind}/<str:name>"
    return {
        f"GET {one}/test": (None, PAGES_OF_ADMINS),
        f"POST {one}/test": ({"event": "RUN_STATE"}, PAGES_OF_ADMINS),
        f"GET {one}/deliveries": (None, SEEN),
        f"POST {one}/redeliver": ({"since": "2026-01-01T00:00"}, (302, 404, 403, 403, 302)),
    }


TTL = {"default_seconds": 86_400, "members_may_set": False}
COLLECTIONS = "projects/<str:team>/<str:project>/collections"
REGISTRY = "registries/<str:organization>/<str:registry>"


def below(collections: str) -> dict[str, tuple[Any, tuple[int, ...]]]:
    """What stands below a collection, of a project as of a registry."""
    collection = f"{collections}/<str:collection>"
    version = f"{collection}/versions/<str:version>"
    return {
        f"GET {collections}": (None, TEAM),
        f"GET {collection}": (None, TEAM),
        f"PATCH {collection}": ({"description": "new"}, (*MEMBERS, 200, 200)),
        f"POST {collection}/tags": ({"tags": ["new"]}, (*MEMBERS, 200, 200)),
        f"DELETE {collection}/tags/<str:tag>": (None, (*MEMBERS, 204, 204)),
        f"GET {collection}/versions": (None, TEAM),
        f"GET {version}": (None, TEAM),
        f"POST {version}/aliases": ({"aliases": ["new"]}, (*MEMBERS, 200, 200)),
        f"DELETE {version}/aliases/<str:alias>": (None, (*MEMBERS, 204, 204)),
        f"POST {version}/tags": ({"tags": ["new"]}, (*MEMBERS, 200, 200)),
        f"DELETE {version}/tags/<str:tag>": (None, (*MEMBERS, 204, 204)),
    }


# REST. Method and route below /api/v1/ -> what is sent, and the answer to each of PEOPLE.
MATRIX: dict[str, tuple[Any, tuple[int, ...]]] = {
    "GET schema": (None, (200, 200, 200, 200, 200)),
    "GET docs": (None, (200, 200, 200, 200, 200)),
    "GET me": (None, OWN),
    "GET teams/<str:team>/api-keys": (None, (*ADMINS, 200)),
    "DELETE teams/<str:team>/api-keys/<int:pk>": (None, (*ADMINS, 204)),
    # To whom acme is not there it is none of their teams.
    "PATCH me": ({"default_team": "acme"}, (401, 400, 200, 200, 200)),
    "GET api-keys": (None, OWN),
    "POST api-keys": ({"name": "new"}, (401, 201, 201, 201, 201)),
    "DELETE api-keys/<int:pk>": (None, (401, 404, 404, 404, 204)),
    "GET organizations": (None, OWN),
    "POST organizations": ({"name": "new"}, (401, 403, 403, 403, 403)),
    "GET organizations/<str:organization>": (None, OWN),
    "PATCH organizations/<str:organization>": ({"archived": True}, (401, 403, 403, 403, 200)),
    "PUT organizations/<str:organization>/admins/<str:username>": (None, (401, 403, 403, 403, 204)),
    # He administers nothing: there is nothing to take back.
    "DELETE organizations/<str:organization>/admins/<str:username>": (None, (401, 403, 403, 403, 204)),
    "GET teams": (None, OWN),
    "POST teams": ({"organization": "research", "name": "vision"}, (401, 403, 403, 403, 201)),
    "GET teams/<str:team>": (None, TEAM),
    "PATCH teams/<str:team>": ({"name": "vision"}, (*ADMINS, 200)),
    "GET teams/<str:team>/members": (None, TEAM),
    "POST teams/<str:team>/members": ({"username": "charlie"}, (*ADMINS, 201)),
    "DELETE teams/<str:team>/members/<str:username>": (None, (*MEMBERS, 204, 204)),  # bob, who may leave
    "GET teams/<str:team>/silences": (None, TEAM),
    "POST teams/<str:team>/silences": (SILENT, (*MEMBERS, 201, 201)),
    "GET teams/<str:team>/silences/<int:pk>": (None, TEAM),
    "DELETE teams/<str:team>/silences/<int:pk>": (None, (*MEMBERS, 204, 204)),
    "PATCH teams/<str:team>/members/<str:username>": ({"role": "viewer"}, (*ADMINS, 200)),
    "GET teams/<str:team>/invitations": (None, (*ADMINS, 200)),
    "POST teams/<str:team>/invitations": ({"role": "viewer"}, (*ADMINS, 201)),
    "DELETE teams/<str:team>/invitations/<int:pk>": (None, (*ADMINS, 204)),
    "POST teams/<str:team>/invitations/<int:pk>/renew": ({}, (*ADMINS, 200)),
    f"GET {ACCOUNTS}": (None, (*ADMINS, 200)),
    f"POST {ACCOUNTS}": ({"description": "nightly"}, (*ADMINS, 201)),
    f"PATCH {ACCOUNTS}/<str:username>": ({"description": "weekly"}, (*ADMINS, 200)),
    f"DELETE {ACCOUNTS}/<str:username>": (None, (*ADMINS, 204)),
    f"GET {ACCOUNTS}/<str:username>/keys": (None, (*ADMINS, 200)),
    f"POST {ACCOUNTS}/<str:username>/keys": ({"name": "new"}, (*ADMINS, 201)),
    f"DELETE {ACCOUNTS}/<str:username>/keys/<int:pk>": (None, (*ADMINS, 204)),
    "GET teams/<str:team>/notices": (None, TEAM),
    "DELETE teams/<str:team>/notices/<int:pk>": (None, (*ADMINS, 204)),
    "GET teams/<str:team>/secrets": (None, TEAM),
    "POST teams/<str:team>/secrets": ({"name": "NEW", "value": "hush"}, (*ADMINS, 201)),
    "PUT teams/<str:team>/secrets/<str:name>": ({"value": "hush"}, (*ADMINS, 200)),
    "DELETE teams/<str:team>/secrets/<str:name>": (None, (*ADMINS, 204)),
    "GET catalog": (None, OWN),
    "POST teams/<str:team>/integrations/webhook/<str:name>/preview": ({"event": "RUN_STATE"}, (*MEMBERS, 200, 200)),
    **{row: answers for kind in KINDS for row, answers in integrations(kind).items()},
    "GET presets": (None, OWN),
    "GET teams/<str:team>/integrations/webhook/<str:name>/uses": (None, TEAM),
    "GET teams/<str:team>/shared-webhooks": (None, TEAM),
    "GET teams/<str:team>/webhook-sharing": (None, TEAM),
    "PUT teams/<str:team>/webhook-sharing": ({"allowed": False}, (*ADMINS, 200)),
    "POST teams/<str:team>/integrations/webhook/<str:name>/rotate": ({"value": "hush"}, (*ADMINS, 200)),
    "POST executions/<int:pk>/redeliver": ({}, (*MEMBERS, 200, 200)),
    "GET teams/<str:team>/alert-channel": (None, TEAM),
    "PUT teams/<str:team>/alert-channel": ({"channel": "alerts"}, (*ADMINS, 200)),
    "GET teams/<str:team>/slack-workspaces": (None, TEAM),
    "POST teams/<str:team>/slack-workspaces": ({"token": "xoxb-2"}, (*ADMINS, 400)),
    f"GET {WORKSPACE}": (None, TEAM),
    f"DELETE {WORKSPACE}": (None, (*ADMINS, 204)),
    f"GET {WORKSPACE}/channels": (None, (*ADMINS, 400)),
    "GET teams/<str:team>/artifact-ttl": (None, TEAM),
    "PUT teams/<str:team>/artifact-ttl": (TTL, (*ADMINS, 200)),
    "GET teams/<str:team>/retention": (None, TEAM),
    "PUT teams/<str:team>/retention": ({"days": {"events": 30}}, (*ADMINS, 200)),
    "GET teams/<str:team>/usage": (None, TEAM),
    "GET teams/<str:team>/audit": (None, (*ADMINS, 200)),
    "GET teams/<str:team>/audit/export": (None, (*ADMINS, 200)),
    "GET organizations/<str:organization>/mail": (None, (401, 403, 403, 403, 200)),
    "PUT organizations/<str:organization>/mail": ({"domains": ["other.test"]}, (401, 403, 403, 403, 200)),
    "GET organizations/<str:organization>/two-factor": (None, (401, 403, 403, 403, 200)),
    "PUT organizations/<str:organization>/two-factor": ({"required": True}, (401, 403, 403, 403, 200)),
    "GET organizations/<str:organization>/audit": (None, (401, 403, 403, 403, 200)),
    "GET organizations/<str:organization>/audit/export": (None, (401, 403, 403, 403, 200)),
    "GET teams/<str:team>/archives": (None, (*ADMINS, 200)),
    "POST teams/<str:team>/archives": ({"project": "mnist", "format": "jsonl"}, (*ADMINS, 202)),
    "POST teams/<str:team>/archives/upload": ({"md5": "0" * 32}, (*ADMINS, 200)),
    "POST teams/<str:team>/archives/import": ({"md5": "0" * 32}, (*ADMINS, 400)),
    "GET teams/<str:team>/archives/<int:pk>": (None, (*ADMINS, 200)),
    "GET teams/<str:team>/archives/<int:pk>/file": (None, (*ADMINS, 409)),
    "GET deletions": (None, OWN),
    "POST deletions": ({**MNIST, "confirm": "acme/mnist"}, (*ADMINS, 201)),
    "POST deletions/runs": (RUN1, (*MEMBERS, 201, 201)),
    "GET deletions/contents": (None, (*ADMINS, 200)),
    "GET deletions/<int:pk>": (None, (401, 404, 404, 404, 200)),
    "POST deletions/<int:pk>/undo": ({}, (401, 404, 404, 404, 200)),
    "POST deletions/<int:pk>/undo-together": ({}, (401, 404, 404, 404, 200)),
    "GET projects/<str:team>": (None, TEAM),
    "POST projects/<str:team>": ({"name": "new"}, (*MEMBERS, 201, 201)),
    "GET projects/<str:team>/<str:project>": (None, TEAM),
    "PATCH projects/<str:team>/<str:project>": ({"late_after_hours": 48}, (*MEMBERS, 200, 200)),
    "POST projects/<str:team>/<str:project>/import": (
        {"name": "past", "started_at": "2026-01-01T00:00:00Z"},
        (*MEMBERS, 201, 201),
    ),
    "GET projects/<str:team>/<str:project>/runs": (None, TEAM),
    "POST projects/<str:team>/<str:project>/runs": ({"name": "new"}, (*MEMBERS, 201, 201)),
    f"GET {RUN}": (None, TEAM),
    f"PATCH {RUN}": ({"notes": "new"}, (*MEMBERS, 200, 200)),
    f"GET {RUN}/history": (None, TEAM),
    f"POST {RUN}/history": ({"offset": 0, "rows": [{"loss": 1}]}, (*MEMBERS, 200, 200)),
    f"POST {RUN}/heartbeat": ({}, (*MEMBERS, 200, 200)),
    f"POST {RUN}/finish": ({"exit_code": 0}, (*MEMBERS, 200, 200)),
    f"POST {RUN}/preempting": ({}, (*MEMBERS, 200, 200)),
    f"POST {RUN}/stop": ({}, (*MEMBERS, 200, 200)),
    **below(COLLECTIONS),
    f"POST {COLLECTIONS}": ({"name": "new", "type": "model"}, (*MEMBERS, 201, 201)),
    f"POST {COLLECTIONS}/<str:collection>/versions": ({"digest": "new"}, (*MEMBERS, 201, 201)),
    "GET registries/<str:organization>": (None, OWN),
    "POST registries/<str:organization>": ({"name": "new"}, (401, 403, 403, 403, 201)),
    f"GET {REGISTRY}": (None, TEAM),
    f"PATCH {REGISTRY}": ({"name": "new"}, (*ADMINS, 200)),
    f"GET {REGISTRY}/members": (None, TEAM),
    f"POST {REGISTRY}/members": ({"username": "charlie"}, (*ADMINS, 201)),
    f"DELETE {REGISTRY}/members/<int:pk>": (None, (*ADMINS, 204)),
    **below(f"{REGISTRY}/collections"),
    f"POST {REGISTRY}/collections/<str:collection>/link": (LINK, (*MEMBERS, 200, 200)),
    f"POST {REGISTRY}/collections/<str:collection>/versions/<str:version>/unlink": ({}, (*MEMBERS, 204, 204)),
    "GET automations/export": (None, OWN),
    "POST automations/apply": (DOCUMENT, (*MEMBERS, 200, 200)),
    "POST automations/test": (NOTHING, (*MEMBERS, 200, 200)),
    "POST automations/preview": ({**NOTHING, "event": "RUN_STATE"}, (*MEMBERS, 200, 200)),
    "POST automations/<int:pk>/test": ({}, (*MEMBERS, 200, 200)),
    "POST automations/backtest": (AUTOMATION, TEAM),
    "POST automations/<int:pk>/backtest": ({}, TEAM),
    "GET automations/<int:pk>/explain": (None, TEAM),
    "GET automations": (None, OWN),
    "POST automations": (AUTOMATION, (*MEMBERS, 201, 201)),
    "GET automations/<int:pk>": (None, TEAM),
    "PUT automations/<int:pk>": (CHANGED, (*MEMBERS, 200, 200)),
    "PATCH automations/<int:pk>": ({"enabled": False}, (*MEMBERS, 200, 200)),
    "DELETE automations/<int:pk>": (None, (*MEMBERS, 204, 204)),
    "POST automations/<int:pk>/enable": ({}, (*MEMBERS, 200, 200)),
    "POST automations/<int:pk>/disable": ({}, (*MEMBERS, 200, 200)),
    "GET automations/<int:pk>/executions": (None, TEAM),
    "GET executions": (None, OWN),
    "GET executions/<int:pk>": (None, TEAM),
    "GET events/<str:event>/variables": (None, OWN),
}

# What former members get where it is not what charlie gets: he has a team of the organization still.
FORMER: dict[str, int] = {
    "GET registries/<str:organization>": 404,
    "POST registries/<str:organization>": 404,
    "GET organizations/<str:organization>": 404,
    "PATCH organizations/<str:organization>": 404,
    "PUT organizations/<str:organization>/admins/<str:username>": 404,
    "DELETE organizations/<str:organization>/admins/<str:username>": 404,
    "POST teams": 404,
    "GET organizations/<str:organization>/mail": 404,
    "PUT organizations/<str:organization>/mail": 404,
    "GET organizations/<str:organization>/two-factor": 404,
    "PUT organizations/<str:organization>/two-factor": 404,
    "GET profile/organizations/<str:organization>/two-factor": 404,
    "POST profile/organizations/<str:organization>/two-factor": 404,
    "GET organizations/<str:organization>/audit": 404,
    "GET orgs/<str:organization>": 404,
    "POST orgs/<str:organization>": 404,
    "POST orgs/<str:organization>/archive": 404,
    "POST orgs/<str:organization>/teams": 404,
    "POST orgs/<str:organization>/domains": 404,
    "POST orgs/<str:organization>/people/<str:username>": 404,
    "GET orgs/<str:organization>/registries": 404,
    "POST orgs/<str:organization>/registries": 404,
    "GET organizations/<str:organization>/audit/export": 404,
}

# Pages: 302 sends who is not signed in to the sign-in, and others on after a change.
SEEN = (302, 404, 200, 200, 200)
PAGES_OF_MEMBERS = (302, 404, 403, 200, 200)
PAGES_OF_ADMINS = (302, 404, 403, 403, 200)
DONE_BY_MEMBERS = (302, 404, 403, 302, 302)
PROJECT = "<str:team>/<str:project>"
COLLECTION = f"{PROJECT}/artifacts/<str:type>/<str:collection>"
VERSION = f"{COLLECTION}/<str:version>"
LINKED = "registry/<str:organization>/<str:registry>/collections/<str:collection>"
ONE = f"{PROJECT}/automations/<int:pk>"
HEALTH = (200, 200, 200, 200, 200)
LEADS_ON = (302, 302, 302, 302, 302)
NOWHERE = (404, 404, 404, 404, 404)

REGISTRY_PAGE = "registry/<str:organization>/<str:registry>"
PLACE = {"scope": "project", "in": "acme/mnist"}

# Two-factor sign-in is each person's own. Nobody here has shown lately who they are: they are asked before anything.
TWO_FACTOR: dict[str, tuple[Any, tuple[int, ...]]] = {
    "GET sign-in/second-step": (None, LEADS_ON),
    "POST sign-in/second-step": ({"code": "000000"}, LEADS_ON),
    "GET sign-in/second-step/options": (None, (302, 200, 200, 200, 200)),
    "GET sign-in/passkey": (None, (200, 302, 302, 302, 302)),
    "POST sign-in/passkey": ({"credential": "{}"}, (422, 302, 302, 302, 302)),
    "GET profile/two-factor": (None, (302, 200, 200, 200, 200)),
    # Their session has just begun: what may only be done shortly after is theirs. They have no factor to remove.
    **{
        f"{method} profile/two-factor/{page}": (sent, (302, *(answer,) * 4))
        for page, answers in {
            "app": (200, 422),
            "app/remove": (302, 302),
            "keys": (200, 422),
            "keys/<int:pk>": (404, 404),
            "keys/<int:pk>/remove": (404, 404),
            "recovery-codes": (200, 422),
            "off": (200, 302),
        }.items()
        for method, sent, answer in (
            ("GET", None, answers[0]),
            ("POST", {"name": "new", "code": "000000"}, answers[1]),
        )
    },
    "GET profile/two-factor/keys/options": (None, (302, 200, 200, 200, 200)),
    # Who has none cannot show one.
    **{
        f"{method} profile/again/{page}": (sent, LEADS_ON)
        for page in ("second-factor", "security-key")
        for method, sent in (("GET", None), ("POST", {"code": "000000"}))
    },
    "GET profile/organizations/<str:organization>/two-factor": (None, (302, 403, 403, 403, 200)),
    "POST profile/organizations/<str:organization>/two-factor": ({"required": "yes"}, (302, 403, 403, 403, 302)),
}

# What its admins do to the people of a team, and who is refused.
TEAM_PAGE = "teams/<str:team>"
ACCOUNT_PAGE = f"{TEAM_PAGE}/service-accounts/<str:username>"
DONE_BY_ADMINS = (302, 404, 403, 403, 302)
OF_PEOPLE: dict[str, tuple[Any, tuple[int, ...]]] = {
    f"GET {TEAM_PAGE}/people": (None, SEEN),
    # A link for whoever gets it, which the answer shows.
    f"POST {TEAM_PAGE}/people": ({"who": "", "role": "viewer"}, PAGES_OF_ADMINS),
    f"POST {TEAM_PAGE}/people/<str:username>/role": ({"role": "viewer"}, DONE_BY_ADMINS),
    f"GET {TEAM_PAGE}/people/<str:username>/remove": (None, PAGES_OF_ADMINS),
    f"POST {TEAM_PAGE}/people/<str:username>/remove": ({}, DONE_BY_ADMINS),
    f"POST {TEAM_PAGE}/invitations/<int:pk>/renew": ({}, PAGES_OF_ADMINS),
    f"POST {TEAM_PAGE}/invitations/<int:pk>/revoke": ({}, DONE_BY_ADMINS),
    f"POST {TEAM_PAGE}/service-accounts": ({"description": "nightly"}, PAGES_OF_ADMINS),
    f"GET {ACCOUNT_PAGE}": (None, PAGES_OF_ADMINS),
    f"POST {ACCOUNT_PAGE}": ({"description": "weekly"}, DONE_BY_ADMINS),
    f"POST {ACCOUNT_PAGE}/keys": ({"name": "new"}, PAGES_OF_ADMINS),
    f"POST {ACCOUNT_PAGE}/keys/<int:pk>/delete": ({}, DONE_BY_ADMINS),
    f"GET {ACCOUNT_PAGE}/remove": (None, PAGES_OF_ADMINS),
    f"POST {ACCOUNT_PAGE}/remove": ({}, DONE_BY_ADMINS),
}

ORGANIZATION_PAGE = "orgs/<str:organization>"
SEEN_BY_ADMINS = (302, 403, 403, 403, 200)
DONE_BY_ITS_ADMINS = (302, 403, 403, 403, 302)
OF_LIFE_CYCLE: dict[str, tuple[Any, tuple[int, ...]]] = {
    # For whoever signed in first, and nobody here did.
    "GET home/names": (None, (302, 404, 404, 404, 404)),
    "POST home/names": ({"later": "1"}, (302, 404, 404, 404, 404)),
    "GET orgs": (None, (302, 200, 200, 200, 200)),
    # Superusers make them.
    "POST orgs": ({"name": "new"}, (302, 403, 403, 403, 403)),
    f"GET {ORGANIZATION_PAGE}": (None, SEEN_BY_ADMINS),
    f"POST {ORGANIZATION_PAGE}": ({"name": "lab"}, DONE_BY_ITS_ADMINS),
    f"POST {ORGANIZATION_PAGE}/archive": ({"archived": "yes"}, DONE_BY_ITS_ADMINS),
    f"POST {ORGANIZATION_PAGE}/teams": ({"team": "vision"}, DONE_BY_ITS_ADMINS),
    f"POST {ORGANIZATION_PAGE}/domains": ({"domains": "other.test"}, DONE_BY_ITS_ADMINS),
    f"POST {ORGANIZATION_PAGE}/people/<str:username>": ({"admin": "yes"}, DONE_BY_ITS_ADMINS),
    f"GET {ORGANIZATION_PAGE}/registries": (None, SEEN_BY_ADMINS),
    f"POST {ORGANIZATION_PAGE}/registries": ({"name": "new", "visibility": "organization"}, DONE_BY_ITS_ADMINS),
    f"GET {TEAM_PAGE}/name": (None, PAGES_OF_ADMINS),
    f"POST {TEAM_PAGE}/name": ({"name": "vision"}, DONE_BY_ADMINS),
    f"POST {TEAM_PAGE}/archive": ({"archived": "yes"}, DONE_BY_ADMINS),
    f"POST {PROJECT}/rename": ({"name": "new"}, DONE_BY_ADMINS),
    f"POST {PROJECT}/archive": ({"archived": "yes"}, DONE_BY_ADMINS),
    f"GET {REGISTRY_PAGE}/edit": (None, PAGES_OF_ADMINS),
    f"POST {REGISTRY_PAGE}/edit": ({"name": "new", "visibility": "restricted"}, DONE_BY_ADMINS),
    f"POST {REGISTRY_PAGE}/archive": ({"archived": "yes"}, DONE_BY_ADMINS),
}

TTL_PAGE = "profile/teams/<str:team>/artifact-ttl"

# Method and route -> what a browser sends, and the answer to each of PEOPLE.
PAGES: dict[str, tuple[Any, tuple[int, ...]]] = {
    **{f"{method} {probe}": (None, HEALTH) for method in ("GET", "POST") for probe in ("livez", "healthz")},
    f"GET {TTL_PAGE}": (None, PAGES_OF_ADMINS),
    f"POST {TTL_PAGE}": ({"amount": "7", "unit": "86400", "members_may_set": "on"}, (302, 404, 403, 403, 302)),
    # No worker runs beside these tests.
    **{f"{method} readyz": (None, (503,) * 5) for method in ("GET", "POST")},
    **{f"{method} health": (None, (404,) * 5) for method in ("GET", "POST")},
    # From this machine, whoever asks.
    **{f"{method} metrics": (None, HEALTH) for method in ("GET", "POST")},
    "GET favicon.ico": (None, LEADS_ON),
    "POST favicon.ico": ({}, LEADS_ON),
    "GET settings": (None, LEADS_ON),
    "POST settings": ({}, LEADS_ON),
    "GET ": (None, LEADS_ON),
    "GET sign-in": (None, (200, 302, 302, 302, 302)),
    "POST sign-in": ({"username": "alice", "password": "wrong"}, (200, 302, 302, 302, 302)),
    # Without an identity provider in the settings there is none of these.
    "POST sign-in/<str:provider>": ({}, NOWHERE),
    "GET sign-in/<str:provider>/callback": (None, NOWHERE),
    "GET sign-in/<str:provider>/again": (None, (302, 404, 404, 404, 404)),
    "POST sign-in/<str:provider>/again": ({}, (302, 404, 404, 404, 404)),
    "POST sign-out": ({}, LEADS_ON),
    "GET authorize": (None, (302, 200, 200, 200, 200)),
    "POST authorize": ({"name": "new"}, (302, 200, 200, 200, 200)),
    "POST authorize/<int:pk>/delete": ({}, (302, 404, 404, 404, 302)),
    "GET teams": (None, (302, 200, 200, 200, 200)),
    "GET profile": (None, (302, 200, 200, 200, 200)),
    "POST profile": ({"time_zone": "Europe/Berlin", "email": "new@mail.test"}, LEADS_ON),
    # Who has just signed in is led on.
    "GET profile/confirm": (None, LEADS_ON),
    "POST profile/confirm": ({}, LEADS_ON),
    # No e-mail is set up here, which the page says; and that is no good link.
    "POST profile/email/send": ({}, LEADS_ON),
    "GET profile/email/confirm": (None, (302, 422, 422, 422, 422)),
    "POST profile/email/confirm": ({}, (302, 422, 422, 422, 422)),
    "GET profile/sessions": (None, (302, 200, 200, 200, 200)),
    "POST profile/sessions/end": ({"which": "others"}, LEADS_ON),
    "POST profile/sessions/<str:session>/end": ({}, (302, 404, 404, 404, 302)),
    # Alice is the last admin.
    "GET profile/teams/<str:team>/leave": (None, SEEN),
    "POST profile/teams/<str:team>/leave": ({}, (302, 404, 302, 302, 422)),
    # With a good link; who is on the team is led there.
    "GET invitation": (None, (200, 200, 302, 302, 302)),
    "POST invitation": ({"username": ""}, (422, 302, 302, 302, 302)),
    "GET profile/password": (None, (302, 200, 200, 200, 200)),
    "POST profile/password": ({"old_password": "wrong"}, (302, 200, 200, 200, 200)),
    **TWO_FACTOR,
    **OF_PEOPLE,
    **OF_LIFE_CYCLE,
    "GET profile/exports": (None, (302, 200, 200, 200, 200)),
    "POST profile/exports": ({"name": "acme/mnist"}, (302, 404, 403, 403, 302)),
    "GET profile/exports/<int:pk>/archive": (None, (302, 404, 404, 404, 302)),
    "GET profile/deletions": (None, (302, 200, 200, 200, 200)),
    "GET profile/deletions/new": (None, PAGES_OF_ADMINS),
    "POST profile/deletions/new": ({"confirm": "acme/mnist"}, (302, 404, 403, 403, 302)),
    "GET profile/deletions/runs": (None, (302, 404, 403, 200, 200)),
    "POST profile/deletions/runs": ({"confirm": "1"}, (302, 404, 403, 302, 302)),
    "POST profile/deletions/<int:pk>/undo": ({}, (302, 404, 404, 404, 302)),
    "GET registry": (None, (302, 200, 200, 200, 200)),
    "GET registry/<str:organization>/<str:registry>": (None, SEEN),
    # The wandb SDK prints these: each leads to our own page of it, which says the rest.
    "GET orgs/<str:organization>/registry/<str:name>": (None, LEADS_ON),
    f"GET {PROJECT}/workspace": (None, LEADS_ON),
    **{f"GET {VERSION}/{tab}": (None, LEADS_ON) for tab in ("overview", "metadata", "files", "usage", "lineage")},
    f"GET {PROJECT}/artifacts": (None, SEEN),
    f"GET {PROJECT}/artifacts/<str:type>": (None, SEEN),
    f"GET {COLLECTION}": (None, SEEN),
    f"POST {COLLECTION}": ({"add": "new"}, DONE_BY_MEMBERS),
    f"GET {VERSION}": (None, SEEN),
    f"POST {VERSION}": ({"mark": "alias", "add": "new"}, DONE_BY_MEMBERS),
    f"GET {VERSION}/link": (None, PAGES_OF_MEMBERS),
    f"POST {VERSION}/link": ({"registry": "0", "collection": "other"}, (302, 404, 403, 422, 422)),
    f"GET {VERSION}/unlink": (None, PAGES_OF_MEMBERS),
    f"POST {VERSION}/unlink": ({}, DONE_BY_MEMBERS),
    f"GET {LINKED}": (None, SEEN),
    f"POST {LINKED}": ({"add": "new"}, DONE_BY_MEMBERS),
    f"GET {LINKED}/<str:version>": (None, SEEN),
    f"POST {LINKED}/<str:version>": ({"mark": "tag", "add": "new"}, DONE_BY_MEMBERS),
    f"GET {LINKED}/<str:version>/unlink": (None, PAGES_OF_MEMBERS),
    f"POST {LINKED}/<str:version>/unlink": ({}, DONE_BY_MEMBERS),
    "GET registry/<str:organization>/<str:registry>/members": (None, SEEN),
    "POST registry/<str:organization>/<str:registry>/members": (
        {"kind": "person", "name": "bob", "role": "viewer"},
        (302, 404, 403, 403, 302),
    ),
    # To its page today, or for strangers nowhere.
    f"GET {PROJECT}/collections/<path:rest>": (None, (302, 404, 302, 302, 302)),
    f"GET {PROJECT}/recent-versions": (None, (302, 404, 302, 302, 302)),
    f"GET {PROJECT}/lately": (None, (302, 404, 302, 302, 302)),
    f"GET {PROJECT}/runs/<str:run>/artifacts": (None, (302, 404, 302, 302, 302)),
    f"GET {PROJECT}/runs/<str:run>/state": (None, SEEN),
    f"GET {PROJECT}/runs/<str:run>/panels": (None, SEEN),
    f"GET {PROJECT}/runs/<str:run>/log": (None, SEEN),
    # Without scripts it leads to the log.
    f"GET {PROJECT}/runs/<str:run>/log/new": (None, (302, 404, 302, 302, 302)),
    f"GET {PROJECT}/runs/<str:run>/log/file": (None, SEEN),
    f"GET {PROJECT}/runs/<str:run>/files": (None, SEEN),
    # Which file is not said here: tests/pages/test_run_media.py says one.
    f"GET {PROJECT}/runs/<str:run>/files/content": (None, (302, 404, 404, 404, 404)),
    f"GET {PROJECT}/runs/<str:run>/files/html": (None, (302, 404, 404, 404, 404)),
    "GET executions/counts": (None, (302, 200, 200, 200, 200)),
    "GET automations": (None, (302, 200, 200, 200, 200)),
    "GET automations/silences": (None, (302, 200, 200, 200, 200)),
    "POST automations/silences": ({"team": "acme", "to_time": "06:00", **NIGHTLY}, (302, 422, 422, 302, 302)),
    "POST automations/silences/<int:pk>/end": ({}, DONE_BY_MEMBERS),
    "POST automations/<int:pk>/silence": ({"until": "tomorrow"}, DONE_BY_MEMBERS),
    "POST automations/<int:pk>/switch": ({"enabled": ""}, DONE_BY_MEMBERS),
    "GET search": (None, (302, 200, 200, 200, 200)),
    f"POST {PROJECT}/runs/<str:run>/stop": ({}, DONE_BY_MEMBERS),
    f"GET {PROJECT}/edit": (None, PAGES_OF_MEMBERS),
    f"POST {PROJECT}/edit": ({"late_after_hours": "48"}, DONE_BY_MEMBERS),
    f"GET {PROJECT}/runs/<str:run>/edit": (None, PAGES_OF_MEMBERS),
    f"POST {PROJECT}/runs/<str:run>/edit": ({"notes": "new"}, DONE_BY_MEMBERS),
    f"GET {PROJECT}/runs/<str:run>/metrics": (None, SEEN),
    # Without a Slack app in the settings nobody is led to Slack.
    "GET settings/slack/connect/<str:team>": (None, (302, 404, 403, 403, 302)),
    "POST <str:team>/integrations/webhook-sharing": ({"allowed": "no"}, (302, 404, 403, 403, 302)),
    "GET settings/slack/callback": (None, (302, 302, 302, 302, 302)),
    "GET settings/slack/workspaces/<int:pk>": (None, (302, 404, 404, 404, 200)),
    "GET settings/retention/<str:team>": (None, (302, 404, 403, 403, 200)),
    "POST settings/retention/<str:team>": ({"events": "30"}, (302, 404, 403, 403, 200)),
    "GET automations/new": (None, (302, 200, 200, 200, 200)),
    "POST automations/new": ({}, (302, 200, 200, 200, 200)),
    "POST automations/backtest": (PLACE, PAGES_OF_MEMBERS),
    "POST automations/lookback": (PLACE, PAGES_OF_MEMBERS),
    "POST automations/preview": (PLACE, PAGES_OF_MEMBERS),
    "POST automations/test": (PLACE, PAGES_OF_MEMBERS),
    "GET automations/<int:pk>/edit": (None, PAGES_OF_MEMBERS),
    "POST automations/<int:pk>/edit": (typed(name="changed"), DONE_BY_MEMBERS),
    "GET automations/<int:pk>/duplicate": (None, PAGES_OF_MEMBERS),
    "POST automations/<int:pk>/duplicate": (typed(name="copied"), DONE_BY_MEMBERS),
    "GET automations/<int:pk>/delete": (None, PAGES_OF_MEMBERS),
    "POST automations/<int:pk>/delete": ({}, DONE_BY_MEMBERS),
    "POST automations/<int:pk>/test": ({}, PAGES_OF_MEMBERS),
    "GET automations/<int:pk>/file": (None, SEEN),
    "GET automations/<int:pk>/explain": (None, SEEN),
    "GET executions": (None, (302, 200, 200, 200, 200)),
    # A chart takes a metric; this execution has none.
    "GET executions/<int:pk>/chart": (None, (302, 404, 404, 404, 404)),
    f"GET {PROJECT}/automations.yaml": (None, SEEN),
    f"GET {PROJECT}/runs/<str:run>/annotations": (None, SEEN),
    f"GET {REGISTRY_PAGE}/automations": (None, SEEN),
    f"GET {REGISTRY_PAGE}/automations.yaml": (None, SEEN),
    f"GET {REGISTRY_PAGE}/automations/new": (None, (302, 404, 404, 200, 200)),
    f"POST {REGISTRY_PAGE}/automations/new": ({}, (302, 404, 404, 200, 200)),
    f"GET {REGISTRY_PAGE}/history": (None, SEEN),
    "GET automations/<int:pk>": (None, (302, 404, 302, 302, 302)),
    "GET <str:team>/lately": (None, SEEN),
    # There is no sample in acme.
    "POST <str:team>/sample": ({}, (302, 404, 403, 403, 404)),
    "POST <str:team>/first-steps/hide": ({}, DONE_BY_MEMBERS),
    "POST notices/<int:pk>/dismiss": ({}, (302, 404, 404, 404, 302)),
    "GET executions/<int:pk>": (None, SEEN),
    "POST executions/<int:pk>/redeliver": ({}, DONE_BY_MEMBERS),
    "GET <str:team>": (None, SEEN),
    "POST <str:team>": ({"name": "new"}, DONE_BY_MEMBERS),
    "GET <str:team>/integrations": (None, SEEN),
    **{row: answers for kind in KINDS for row, answers in integration_pages(kind).items()},
    f"GET {PROJECT}": (None, SEEN),
    f"GET {PROJECT}/automations": (None, SEEN),
    f"GET {PROJECT}/automations/new": (None, PAGES_OF_MEMBERS),
    f"POST {PROJECT}/automations/new": (typed(name="new"), DONE_BY_MEMBERS),
    f"GET {ONE}": (None, SEEN),
    f"GET {PROJECT}/history": (None, SEEN),
    f"GET {PROJECT}/runs": (None, SEEN),
    f"GET {PROJECT}/runs/<str:run>": (None, SEEN),
    f"GET {PROJECT}/runs/<str:run>/automations": (None, SEEN),
}
# What the wandb SDK asks, with a key. GraphQL answers 200 with an error in it where something is hidden: see below.
VIEWER = {"query": "{ viewer { username } }"}
HIDDEN = {"query": '{ project(name: "mnist", entityName: "acme") { name } }'}
BY_TOKEN = (403, 403, 403, 403, 403)
SDK: dict[str, tuple[Any, tuple[int, ...]]] = {
    "POST graphql": (HIDDEN, (401, 200, 200, 200, 200)),
    "POST files/<str:entity>/<str:project>/<str:run>/file_stream": ({"files": {}}, (*MEMBERS, 200, 200)),
    # The token in the address is the key to one file; this one is nobody's.
    "GET files/fetch/<str:token>": (None, BY_TOKEN),
    "GET files/fetch/<str:token>/<path:name>": (None, BY_TOKEN),
    "PUT files/send/<str:token>": (None, BY_TOKEN),
    # Found by digest, and this one belongs to no file.
    "GET artifactsV2/<str:region>/<str:entity>/<str:project>/<str:collection>/<str:birth>/<str:md5>/<path:name>": (
        None,
        (401, 404, 404, 404, 404),
    ),
}

# A query without which a page is another one.
QUERIES = {
    f"POST {PROJECT}/automations/new": "?event=RUN_STATE",
    **dict.fromkeys(("GET profile/deletions/new", "POST profile/deletions/new"), f"?{urlencode(MNIST)}"),
    **dict.fromkeys(("GET profile/deletions/runs", "POST profile/deletions/runs"), "?project=acme/mnist&run=run1"),
    "GET deletions/contents": f"?{urlencode(MNIST)}",
    **dict.fromkeys(("GET invitation", "POST invitation"), f"?token={INVITATION}"),
}

# /admin/ is for superusers: everybody here is sent to its sign-in, wherever it is. That turns them away:
ADMIN_SIGN_IN = "admin/login/"

# /settings/: the kind of page -> the answers. Pages of one row lead charlie back to the first page: it is not his.
SETTINGS: dict[str, tuple[int, ...]] = {
    "index": (302, 200, 403, 403, 200),
    "list": (302, 200, 403, 403, 200),
    "add": (302, 200, 403, 403, 200),
    "row": (302, 302, 403, 403, 200),
    # Django leads from /1/ to /1/change/ whatever there is: that page says the rest.
    "alias": (302, 302, 403, 403, 302),
    "export": (302, 200, 403, 403, 200),
    "rotation": (302, 404, 403, 403, 200),
    "subject": (302, 302, 403, 403, 302),
    "password": (302, 200, 403, 403, 200),
    "closed": (302, 403, 403, 403, 403),
    "nothing": (302, 404, 403, 403, 404),
}
# Below /settings/, and not Django's: they have rows of their own above.
OWN_SETTINGS = ("settings/slack/", "settings/retention/")
# Only read in team settings: nothing is added, changed or deleted, by nobody. Keys are made and deleted, not changed.
READ_ONLY_SETTINGS = ("teams/auditevent",)
UNCHANGED_SETTINGS = ("teams/auditevent", "teams/apikey", "teams/teamkey", "teams/invitation")
NOT_ADDED_SETTINGS = ("teams/auditevent", "teams/teamkey")
