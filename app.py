"""Moodcap's entry: `python app.py` and the command `moodcap`."""

from chains.cli import main

if __name__ == "__main__":
    main()
