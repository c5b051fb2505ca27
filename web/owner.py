"""Whose request it is."""

LOCAL = "local"
"""Who everything belongs to where there are no accounts."""


def current_owner() -> str:
    """The id of the person whose request is being served."""
    return LOCAL
