"""Command `runbell web`: the web server alone, where workers run elsewhere (`runbell worker`)."""

from __future__ import annotations

from cli.management.commands import serve
from common.processes.child_processes import Child


class Command(serve.Command):
    help = "Run the web server alone, until Ctrl-C. Workers run beside it, or on other hosts: runbell worker."

    def children(self) -> dict[str, Child]:
        return {"web": serve.web_server()}
