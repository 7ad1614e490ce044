"""Changes to what Runbell keeps itself: stop the run, tag it, note on it, set a value, move an alias."""
