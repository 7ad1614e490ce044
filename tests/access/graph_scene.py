"""Three teams in two organizations, in which every word says whose it is: what a walk over the graph must not find.

`red` and `blue` are teams of the organization `north`, `green` of `south`. Of `north` are the registries `closed`,
for its members, and `open`, for the organization. The first version of a team is linked into `closed`, the second
into `open`, the third nowhere. A canary is the name of its owner, `zq`, and what it is: `bluezq-project`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from artifacts.lineage import record_use
from artifacts.models import Registry, Version, Visibility
from artifacts.services import add_collection_tags, get_or_create_collection
from artifacts.services import link as link_in_project
from automations.definitions.draft_validation import AutomationDraft
from automations.definitions.scopes import place_named
from automations.definitions.services import create_automation
from integrations.slack.services import create_channel
from integrations.webhook.services import create_webhook
from projects.history.row_batch import RowBatch
from projects.models import Project, Run
from projects.runs.ingest import FileStreamPost, ingest_file_stream
from projects.runs.lifecycle import RunDetails, start_run
from projects.runs.limit_notes import note_left_out_input
from projects.services import create_project
from registries.services import create_registry, link, set_role_of_team, set_role_of_user
from teams.accounts.api_key import store_key
from teams.joining.invitations import invite
from teams.memberships import leave
from teams.models import Membership, Organization, Role, Team, User
from tests.artifacts.sending import begun, manifest_of, send_manifest, sent

ORGANIZATIONS = {"red": "north", "blue": "north", "green": "south"}
OWNERS = ("red", "blue", "green", "north", "south", "closed", "open", "self")
CANARY = re.compile(rf"(?:{'|'.join(OWNERS)})zq[\w.-]*")
# Who walks, and whose words they may find. What links tell them comes on top.
PEOPLE = {
    "outsider": (),
    "viewer": ("red", "north", "open"),
    "registry-member": ("red", "north", "open", "closed"),
    "former": (),
    "all-seeing": OWNERS,
}
# Who shares a team with them.
MATES = dict.fromkeys(("viewer", "registry-member"), {"viewer", "registry-member", "all-seeing"})
# Whose names they may find, for they are of the same organization.
COLLEAGUES = {
    "viewer": {"bluezq-ann", "bluezq-ann.first", "bluezq-ann.last"},
    "registry-member": {"bluezq-ann", "bluezq-ann.first", "bluezq-ann.last"},
}
# The versions of other teams that they see by a link.
LINKED_TO = {"viewer": ("v1",), "registry-member": ("v0", "v1")}


@dataclass
class Scene:
    teams: dict[str, Team] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    registries: dict[str, Registry] = field(default_factory=dict)
    # By team, in order.
    versions: dict[str, list[Version]] = field(default_factory=dict)

    def is_told(self, word: str, person: str) -> bool:
        """Whether a person may find this word: their own, or one that a link tells."""
        owner = word.partition("zq")[0]
        if owner in PEOPLE[person] or word.split(".")[0].removeprefix("selfzq-") in MATES.get(person, {person}):
            return True
        if word in COLLEAGUES.get(person, ()):
            return True
        numbers = LINKED_TO.get(person, ()) if owner == "blue" else ()
        return bool(numbers) and word in (names_told(owner) | self._words_told(owner, numbers))

    def _words_told(self, owner: str, numbers: tuple[str, ...]) -> set[str]:
        kinds = ("description", "metadata", "value", "file.bin")
        return {f"{owner}zq-{number}-{kind}" for number in numbers for kind in kinds}


def names_told(owner: str) -> set[str]:
    """The names that a link tells of where its version was made, and of who made it."""
    return {f"{owner}zq-{kind}" for kind in ("team", "project", "made", "type", "ann")}


def make_scene() -> Scene:
    scene = Scene()
    for name in ("north", "south"):
        Organization.objects.create(name=f"{name}zq")
    for name in ORGANIZATIONS:
        _make_team(scene, name)
    _make_walkers(scene)
    _make_registries(scene)
    for name in ORGANIZATIONS:
        _make_automations(scene, name)
    # A run of ours that used what others made, seen and unseen.
    for one in (*scene.versions["blue"], *scene.versions["green"]):
        record_use(one, scene.runs["red"])
    return scene


def grow(scene: Scene) -> None:
    """Let the teams blue and green have more of everything, none of it linked to where others see it."""
    for name in ("blue", "green"):
        team, project = scene.teams[name], scene.projects[name]
        add_member(team, _person(scene, f"{name}zq-late", f"{name}-late"), Role.ADMIN)
        create_project(team, f"{name}zq-late-project")
        for number in range(3):
            run = start_run(project, f"{name}zq-late{number}", RunDetails(), user=scene.people[name]).run
            for version in scene.versions[name]:
                record_use(version, run)
        late = add_version(scene, name, 9)
        secret = create_registry(team.organization, f"{name}zq-late", visibility=Visibility.RESTRICTED)
        for version in (*scene.versions[name][:3], late):
            link(version, secret, f"{name}zq-late", aliases=[f"{name}zq-late-alias"])
        record_use(late, scene.runs["red"])
        _webhook(scene, name, f"{name}zq-late-hook")
        add_automation(scene, name, "organization", f"{ORGANIZATIONS[name]}zq", f"{name}zq-late-bell")
        if name == "blue":
            set_role_of_team(scene.registries["closed"], team.name)
            set_role_of_user(scene.registries["open"], f"{name}zq-late")
            add_automation(scene, name, "registry", "northzq/openzq", f"{name}zq-later-bell")


def _make_team(scene: Scene, name: str) -> None:
    organization = Organization.objects.get(name=f"{ORGANIZATIONS[name]}zq")
    team = scene.teams[name] = Team.objects.create(organization=organization, name=f"{name}zq-team")
    ann = _person(scene, f"{name}zq-ann", name)
    add_member(team, ann, Role.ADMIN)
    project = scene.projects[name] = create_project(team, f"{name}zq-project", f"{name}zq-project-description")
    scene.runs[name] = add_run(project, name, ann)
    scene.versions[name] = [add_version(scene, name, number) for number in range(3)]
    made = scene.versions[name][0].collection
    add_collection_tags(made, [f"{name}zq-collection-tag"])
    portfolio, _created = get_or_create_collection(project, f"{name}zq-portfolio", f"{name}zq-type", holds_links=True)
    link_in_project(scene.versions[name][2], portfolio, aliases=[f"{name}zq-portfolio-alias"])
    _pending(scene, name)
    _webhook(scene, name, f"{name}zq-hook")
    invite(team, Role.MEMBER, by=ann)
    create_channel(team, {"name": f"{name}zq-channel", "webhook_url": "http://127.0.0.1:8009/x"}, by=ann)


def _pending(scene: Scene, name: str) -> None:
    """Begin a version that nobody has committed yet."""
    lone, _created = get_or_create_collection(scene.projects[name], f"{name}zq-lone", f"{name}zq-type")
    word = f"{name}zq-pending"
    upload = begun(lone, "pending", client_id=word, description=f"{word}-description", run=scene.runs[name])
    send_manifest(upload, manifest_of({}))


def _make_walkers(scene: Scene) -> None:
    for person in PEOPLE:
        _person(scene, f"selfzq-{person}", person)
    User.objects.filter(username="selfzq-all-seeing").update(is_superuser=True)
    scene.people["all-seeing"].refresh_from_db()
    for person in ("viewer", "registry-member"):
        add_member(scene.teams["red"], scene.people[person], Role.VIEWER)
    add_member(scene.teams["blue"], scene.people["former"], Role.MEMBER)
    start_run(scene.projects["blue"], "bluezq-formers", RunDetails(), user=scene.people["former"])
    for team in scene.teams.values():
        add_member(team, scene.people["all-seeing"], Role.ADMIN)
        team.organization.admins.add(scene.people["all-seeing"])


def _make_registries(scene: Scene) -> None:
    north = scene.teams["red"].organization
    for place, (name, visibility) in enumerate((("closed", Visibility.RESTRICTED), ("open", Visibility.ORGANIZATION))):
        registry = create_registry(north, f"{name}zq", description=f"{name}zq-description", visibility=visibility)
        scene.registries[name] = registry
        for team in ("red", "blue"):
            entry = link(
                scene.versions[team][place], registry, f"{name}zq-{team}",
                aliases=[f"{name}zq-alias-{team}"], tags=[f"{name}zq-tag"],
            ).entry  # fmt: skip
            add_collection_tags(entry.collection, [f"{name}zq-collection-tag"])
        set_role_of_user(registry, "redzq-ann", "member")
        set_role_of_user(registry, "bluezq-ann", "admin")
    set_role_of_team(scene.registries["open"], "bluezq-team", "member")
    set_role_of_team(scene.registries["open"], "redzq-team")
    for person in ("registry-member", "former"):
        set_role_of_user(scene.registries["closed"], f"selfzq-{person}")
    leave(Membership.objects.get(user=scene.people["former"]))


def _make_automations(scene: Scene, name: str) -> None:
    project, organization = scene.projects[name], f"{ORGANIZATIONS[name]}zq"
    places = [
        ("project", str(project)), ("collection", f"{project}/{name}zq-made"), ("team", f"{name}zq-team"),
        ("collection", f"{project}/{name}zq-portfolio"), ("organization", organization),
    ]  # fmt: skip
    if organization == "northzq":
        places += [("registry", "northzq/closedzq"), ("registry_collection", "northzq/openzq/openzq-blue")]
    for number, (kind, place) in enumerate(places):
        add_automation(scene, name, kind, place, f"{name}zq-bell{number}")


def add_automation(scene: Scene, name: str, kind: str, place: str, title: str) -> None:
    shared = {"team": f"{name}zq-team"} if kind in ("organization", "registry", "registry_collection") else {}
    actions = [
        {"type": "send_webhook", "webhook": f"{name}zq-hook", "payload": f'{{"{name}zq-payload": 1}}'},
        {"type": "notify_slack", "channel": f"{name}zq-channel", "title": f"{name}zq-title", "text": f"{name}zq-text"},
        {"type": "do_nothing"},
    ]
    listens = place_named({"type": kind, "name": place, **shared})
    assert listens is not None
    draft = AutomationDraft(
        title, "LINK_MODEL", [], actions[len(title) % 3 if "late" in title else int(title[-1]) % 3],
        f"{name}zq-bell-description",
    )  # fmt: skip
    create_automation(listens, draft, by=scene.people[name])


def _webhook(scene: Scene, name: str, title: str) -> None:
    values = {"name": title, "url": f"http://127.0.0.1:8009/{name}zq-address"}
    create_webhook(scene.teams[name], values, by=scene.people[name])


def _person(scene: Scene, username: str, key: str) -> User:
    email = f"{username}.mail@canary.test"
    made = User.objects.create_user(username, email=email, first_name=f"{username}.first", last_name=f"{username}.last")
    scene.people[key] = made
    scene.keys[key] = key.ljust(44, "k").replace("-", "_")
    store_key(made, f"{username}.key", scene.keys[key])
    return made


def add_member(team: Team, user: User, role: Role) -> None:
    Membership.objects.create(team=team, user=user, role=role)


def add_run(project: Project, name: str, by: User) -> Run:
    word = f"{name}zq-run"
    details = RunDetails(
        display_name=f"{word}-title", config={f"{word}-config": f"{word}-value"}, telemetry={"t": {"1": f"{word}-t"}},
        tags=[f"{word}-tag"], group=f"{word}-group", job_type=f"{word}-job", notes=f"{word}-notes",
        commit=f"{word}-commit", program=f"{word}-program", host=f"{word}-host",
    )  # fmt: skip
    rows = [{"_step": step, f"{word}-metric": step, "loss": 0.5} for step in range(3)]
    post = FileStreamPost(
        history=RowBatch(0, rows), system=RowBatch(0, [{f"system.{word}": 1.5}]), output=(0, [f"{word}-printed"]),
        uploaded=[f"{word}-config.yaml"],
    )  # fmt: skip
    run = ingest_file_stream(start_run(project, word, details, user=by).run, post)
    note_left_out_input(run, {"UpsertBucketInput.colour": f"{word}-notice"})
    return run


def add_version(scene: Scene, name: str, number: int) -> Version:
    made, _created = get_or_create_collection(
        scene.projects[name], f"{name}zq-made", f"{name}zq-type", description=f"{name}zq-made-description"
    )
    word = f"{name}zq-v{number}"
    return sent(
        made, {f"{word}-file.bin": word.encode()}, f"digest-{name}-{number}", client_id=f"{word}-client",
        description=f"{word}-description", metadata={f"{word}-metadata": f"{word}-value"},
        aliases=[f"{word}-inner-alias"], tags=[f"{word}-inner-tag"], history_step=2, run=scene.runs[name],
    )  # fmt: skip
