"""Automations as the SDK says them: it calls them triggers on the wire."""
