"""Organizations in the product: their people, teams and domains; created, renamed, archived."""
