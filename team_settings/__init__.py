"""What the admins of a team set up: its members, secrets and integrations, and their own API keys."""
