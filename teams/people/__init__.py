"""The people of a team: members and when they were seen, invitations, service accounts and their keys."""
