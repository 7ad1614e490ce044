"""One file per subject; each registers its resolvers by type and field when it is read."""
