"""A script beside the browser: it speaks REST to the same Runbell."""

from __future__ import annotations

from typing import Any

import requests

from tests.browser.conftest import Site

PROJECT = "demo/empty"


class Script:
    def __init__(self, site: Site) -> None:
        self._site = site

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._send("POST", path, json=body)

    def get(self, path: str) -> Any:
        return self._send("GET", path)

    def run(self, name: str, *, project: str = PROJECT, losses: tuple[Any, ...] = (), **details: Any) -> str:
        """Start a run and log its losses; give the path that it is finished at."""
        self.post(f"projects/{project}/runs", {"name": name, **details})
        path = f"projects/{project}/runs/{name}"
        if losses:
            rows = [{"_step": step, "val/loss": loss} for step, loss in enumerate(losses)]
            self.post(f"{path}/history", {"offset": 0, "rows": rows})
        return path

    def fail(self, name: str, *, project: str = PROJECT, **details: Any) -> None:
        self.post(f"{self.run(name, project=project, **details)}/finish", {"exit_code": 1})

    def _send(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self._site.api_key}"}
        answer = requests.request(method, f"{self._site.url}/api/v1/{path}", headers=headers, timeout=30, **options)
        assert answer.ok, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.text else None
