"""Silences (mute windows): for a while, once or each week, automations tell nothing of what matches."""
