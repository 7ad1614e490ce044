"""The people of a team in the product: members and when they were here, invitations, service accounts and their keys."""
