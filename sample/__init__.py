"""What a new Runbell shows, so that each page is worth looking at: runs, versions, a registry, and what watches them.

Made by the services that people's requests go through, judged by the engine, and then moved into the days before. Only
the sending is told and not done: there is nobody at the other end. `Team.sample` remembers what is ours to remove.
"""

from __future__ import annotations
