"""What keeps an installation going: its first start, people and teams from a file, freeing what nobody needs."""
