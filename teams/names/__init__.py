"""Names of organizations, teams, projects and registries: renaming, and where the names of before lead."""
