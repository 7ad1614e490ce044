"""What files hold: kept once for a team by its MD5, sent and fetched through signed addresses."""
