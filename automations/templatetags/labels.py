"""Template filters: the labels of event types, actions and scopes."""

from __future__ import annotations

from django import template

from automations import labels

register = template.Library()
register.filter("event_label", labels.event_label)
register.filter("action_label", labels.action_label)
register.filter("scope_label", labels.scope_label)
register.filter("cooldown_label", labels.cooldown_label)
