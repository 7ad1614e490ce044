"""Automations and what became of them, as pages."""
