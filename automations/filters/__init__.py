"""Filter documents, as the wandb SDK sends them: read, checked when saved, matched against plain facts.

No framework here: text and plain values in, answers and sentences out. The language is in `docs/filters.md`.
"""
