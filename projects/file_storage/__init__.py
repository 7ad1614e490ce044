"""File storage: contents deduplicated by MD5 within a team, behind signed upload and download URLs."""
