"""Draw the terminal picture of the README: `python docs/picture.py PHOTO [MOOD]`."""

import io
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

from chains import CaptionRequest, Settings, build_chain
from chains.terminal import show_caption


def main() -> None:
    photo, mood = Path(sys.argv[1]), (sys.argv[2:] or [None])[0]
    record = build_chain(Settings.from_environment()).invoke(CaptionRequest(image=photo, mood=mood))
    console = Console(record=True, width=100, file=io.StringIO(), force_terminal=True)
    asked = f" --mood {mood}" if mood else ""
    console.print(Text(f"$ moodcap caption {photo.name}{asked}", style="bold"))
    console.print(show_caption(photo.name, record))
    console.save_svg(str(Path(__file__).parent / "terminal.svg"), title="moodcap")


if __name__ == "__main__":
    main()
