"""Quality figures, each with the command that makes it."""
