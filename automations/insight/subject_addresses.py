"""Addresses of a subject under its former names: executions keep the address that a run had when they fired."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from urllib.parse import quote, unquote

from artifacts.models import Registry
from common.own_addresses import without_prefix
from projects.models import Project
from teams.models import FormerName
from teams.names import former_names

# So many names of before are looked for, all together: who renames daily loses the oldest.
_MOST = 20


def with_former(urls: Sequence[str]) -> list[str]:
    """Give the addresses, and those they had while the team, project, organization or registry was called otherwise.

    All of them stand in one place, as those of a collection and its versions do.
    """
    found = [without_prefix(url) for url in urls]
    if not found or not FormerName.objects.exists():
        return found
    parts = found[0].split("/")
    start = 2 if parts[1:2] == ["registry"] else 1
    if len(parts) < start + 2:
        return found
    owner, place = (unquote(part) for part in parts[start : start + 2])
    pairs = list(product(*(_of_registry(owner, place) if start == 2 else _of_project(owner, place))))[: _MOST + 1]
    rests = [url.split("/")[start + 2 :] for url in found]
    before = parts[1:start]
    return list(dict.fromkeys([*found, *(_address(before, pair, rest) for pair in pairs for rest in rests)]))


def _address(before: Iterable[str], pair: Iterable[str], rest: Iterable[str]) -> str:
    return "/".join(["", *before, *map(quote, pair), *rest])


def _of_project(team: str, name: str) -> tuple[list[str], list[str]]:
    row = Project.objects.select_related("team").filter(team__name=team, name=name).first()
    if row is None:
        return [team], [name]
    return (
        [team, *former_names.names_of(former_names.TEAM, row.team_id)],
        [name, *former_names.names_of(former_names.PROJECT, row.pk)],
    )


def _of_registry(organization: str, name: str) -> tuple[list[str], list[str]]:
    row = Registry.objects.filter(organization__name=organization, name=name).first()
    if row is None:
        return [organization], [name]
    return (
        [organization, *former_names.names_of(former_names.ORGANIZATION, row.organization_id)],
        [name, *former_names.names_of(former_names.REGISTRY, row.pk)],
    )
