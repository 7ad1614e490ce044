"""What can be deleted with all that is in it. A new kind is one file here."""
