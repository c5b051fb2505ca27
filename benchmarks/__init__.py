"""Speed figures, measured side by side, each with the command that makes it."""
