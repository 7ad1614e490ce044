"""The operator's outgoing proxy: requests go through it by HTTP CONNECT."""
