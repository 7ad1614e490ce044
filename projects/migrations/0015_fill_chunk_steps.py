"""Say of each chunk that is there already which steps it holds: a range of steps is read by them."""

import math

from django.db import migrations


def fill(apps, schema_editor):
    chunks = apps.get_model("projects", "HistoryChunk").objects
    waiting = []
    for chunk in chunks.filter(lowest__isnull=True).only("stream", "offset", "rows").iterator(chunk_size=50):
        key = "_step" if chunk.stream == "history" else "_timestamp"
        rows = chunk.rows if isinstance(chunk.rows, list) else []
        places = [_place(row, key, line) for line, row in enumerate(rows, chunk.offset)] or [float(chunk.offset)]
        chunk.lowest, chunk.highest = min(places), max(places)
        waiting.append(chunk)
        if len(waiting) == 200:
            chunks.bulk_update(waiting, ["lowest", "highest"])
            waiting.clear()
    chunks.bulk_update(waiting, ["lowest", "highest"])


def _place(row, key, line):
    value = row.get(key) if isinstance(row, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return float(line)
    return float(value)


class Migration(migrations.Migration):
    dependencies = [("projects", "0014_history_chunk_steps")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
