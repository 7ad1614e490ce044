"""SQL that is compiled once: what is asked and written many times a second."""
