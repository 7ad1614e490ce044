"""Archives of a project or a team: exported into one file, and imported into another team or installation."""
