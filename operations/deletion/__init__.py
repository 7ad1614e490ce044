"""Deletion of whole things with all that is in them: asked for, hidden, undone within its grace, or carried out."""
