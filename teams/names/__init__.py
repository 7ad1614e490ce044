"""The life cycle of organizations, teams, projects and registries: renamed, led to by former names, archived."""
