"""A small calendar service."""
