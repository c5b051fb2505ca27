"""How every embedded weight was made: a command each, on public data formats."""
