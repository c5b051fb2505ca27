"""The command line: `moodcap caption | batch | moods | models | settings | setup`; `app.py` adds `serve`.

What a command needs is imported in it, so that `--help` is there at once.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.text import Text

from models import MoodcapError

from .console import err, fail, out, print_json, set_up_streams, tell_error, told_errors

if TYPE_CHECKING:
    from rich.progress import Progress

    from models import Preset

    from .caption import CaptionChain
    from .settings import Settings

app = typer.Typer(
    help="Captions that carry a feeling, checked against what is in the photo. Everything runs on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
SOME_FAILED = 3
Mood = Annotated[str | None, typer.Option(help="The mood to write in; by default the one found in the photo.")]
Blend = Annotated[str | None, typer.Option(help="A second mood to mix in.")]
Intensity = Annotated[float | None, typer.Option(min=0, max=1, help="How strongly, from 0 to 1.")]
Candidates = Annotated[int | None, typer.Option(min=1, max=16, help="How many rewrites to choose from.")]
Detail = Annotated[
    Literal["short", "long"] | None, typer.Option(help="How much the literal caption tells; long has 12 to 24 words.")
]
People = Annotated[
    Literal["as_seen", "neutral"] | None,
    typer.Option(help="How people are spoken of: man and girl, or person and child."),
]
Wishes = Annotated[
    Path | None, typer.Option("--preferences", help="A file with your preferences, JSON or TOML: length, never, …")
]
Json = Annotated[bool, typer.Option("--json", help="Print records as JSON, one a line, each with its file's name.")]


@app.command()
def caption(
    photos: Annotated[list[Path], typer.Argument(help="Photos to caption.")],
    mood: Mood = None,
    blend: Blend = None,
    intensity: Intensity = None,
    candidates: Candidates = None,
    detail: Detail = None,
    people: People = None,
    preferences: Wishes = None,
    as_json: Json = False,
) -> None:
    """Caption photos: literally, with the emotion they carry, and in a mood. With --json an error is a record too."""
    from .batch import answers_of
    from .records import CaptionRequest
    from .terminal import show_caption

    failed = 0
    with told_errors():
        asked = {"mood": mood, "blend": blend, "intensity": intensity, "candidates": candidates}
        options = _options(preferences, **asked, detail=detail, people=people)
        chain = _chain()
        for start in range(0, len(photos), 8):
            part = photos[start : start + 8]
            with err.status("looking, feeling, writing …"):
                answers = answers_of(chain, [CaptionRequest(image=photo, **options) for photo in part])
            for photo, answer in zip(part, answers, strict=True):
                if isinstance(answer, MoodcapError):
                    failed += 1
                    tell_error(answer, as_json, str(photo))
                elif as_json:
                    print_json(str(photo), answer.model_dump(mode="json"))
                else:
                    out.print(show_caption(str(photo), answer))
    if failed:
        raise typer.Exit(1)


@app.command()
def batch(
    folder: Annotated[Path, typer.Argument(help="The folder; folders in it are looked through as well.")],
    target: Annotated[Path, typer.Option("--out", help="The file for the captions, one JSON line a photo.")],
    mood: Mood = None,
    blend: Blend = None,
    intensity: Intensity = None,
    candidates: Candidates = None,
    detail: Detail = None,
    people: People = None,
    preferences: Wishes = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Files and folders to pass over, by name or by path: '*.gif', 'raw/*'."),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go into linked folders as well.")] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Try again what failed before.")] = False,
) -> None:
    """Caption a whole folder; run it again after a stop and it goes on.

    Exit code 0: every photo has a caption; 3: some failed, which their lines say; 1: it could not be begun or go on.
    """
    from .batch import Tally, caption_folder, known_photos
    from .folder import find_photos

    with told_errors():
        found = find_photos(folder, target, ignore or (), follow)
        known = known_photos(target)
        names = {photo: photo.relative_to(folder).as_posix() for photo in found.photos}
        skipped = known.done if retry_failed else known.done | known.failed
        left = [photo for photo, name in names.items() if name not in skipped]
        asked = {"mood": mood, "blend": blend, "intensity": intensity, "candidates": candidates}
        options = _options(preferences, **asked, detail=detail, people=people)
        failed_before = 0 if retry_failed else len(known.failed & set(names.values()))
        tally = Tally(before=len(names) - len(left) - failed_before, failed_before=failed_before)
        if left:
            chain = _chain()
            with _bar() as progress:
                task = progress.add_task("photos", total=len(names), completed=len(names) - len(left))
                for one in caption_folder(chain, folder, left, target, options):
                    tally.count(one)
                    if one.error is not None:
                        tell_error(one.error, False, one.file)
                    progress.advance(task)
        err.print(f"{tally}{f'; see {target}' if names else ''}", soft_wrap=True)
        if found.passed:
            err.print(f"Passed over: {found}", soft_wrap=True)
    if tally.failed or found.unread:
        raise typer.Exit(SOME_FAILED)


@app.command()
def moods() -> None:
    """List the moods that a caption can be written in."""
    from prompts import load_moods

    from .terminal import table

    with told_errors():
        rows = [(mood.name, mood.definition) for mood in load_moods(*_settings().moods).values()]
    out.print(table(["mood", "what it is"], rows))


@app.command()
def models() -> None:
    """List every backend and preset: what is on disk, sizes and licences."""
    from models import BACKENDS, load_presets
    from models.shelf import shelf

    from .terminal import table

    with told_errors():
        settings = _settings()
        out.print(table(["part", "backend", "takes"], [(b.part, b.spec, b.takes) for b in BACKENDS]), Text())
        out.print(
            table(
                ["model", "for", "licence", "on disk"],
                [(m.name, ", ".join(m.parts), m.licence, m.size_text) for m in shelf(settings.home)],
            ),
            Text(),
        )
        for name, preset in load_presets().items():
            out.print(Text.assemble((f"preset {name}", "bold"), f"  {preset.about}"))
            out.print(table(["", ""], [(f"  {part}", getattr(preset, part)) for part in _parts(preset)]))


@app.command()
def settings() -> None:
    """List the settings, which are environment variables."""
    from .settings import settings_table
    from .terminal import table

    out.print(table(["setting", "default", "what it does"], settings_table()))


@app.command()
def setup() -> None:
    """Fetch and assemble the embedded models, where that is not done yet."""
    with told_errors():
        home = _settings().home
        _set_up(home)
        err.print(f"The embedded models are ready in {home / 'models'}.")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; a mistake is told in one sentence."""
    set_up_streams()
    app(args=arguments, prog_name="moodcap")


def _options(preferences: Path | None, **given: Any) -> dict[str, Any]:
    if given["blend"] is not None and given["mood"] is None:
        fail("--blend needs --mood: the mood that it is mixed into.")
    if preferences is not None:
        from .preferences import read_preferences

        given["preferences"] = read_preferences(preferences)
    return {name: value for name, value in given.items() if value is not None}


def _settings() -> "Settings":
    from .settings import Settings

    return Settings.from_environment()


def prepare() -> "Settings":
    """The settings of the process, the embedded models assembled where they name them."""
    chosen = _settings()
    preset = chosen.chosen_preset()
    if any(getattr(preset, part) == "embedded" for part in _parts(preset)):
        _set_up(chosen.home)
    return chosen


def _chain() -> "CaptionChain":
    chosen = prepare()
    from models.loading import quiet_transformers, without_collecting

    with err.status("loading models …"), without_collecting():
        from .caption import build_chain

        quiet_transformers()
        return build_chain(chosen)


def _parts(preset: "Preset") -> list[str]:
    return [name for name in type(preset).model_fields if name != "about"]


def _set_up(home: Path) -> None:
    from models.assemble import assemble, is_ready

    if is_ready(home):
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

    os.environ.setdefault("TQDM_DISABLE", "1")  # one bar is enough
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), console=err) as progress:
        task = progress.add_task("setting up", total=1.0)
        assemble(home, lambda what, done: progress.update(task, description=what, completed=done))


def _bar() -> "Progress":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=err)
