"""What can go wrong, as one small tree. Each class has a stable `code`; each message is one clear sentence."""

from typing import ClassVar


class MoodcapError(Exception):
    """The base of every error that Moodcap raises on purpose."""

    code: ClassVar[str] = "error"


class PhotoError(MoodcapError):
    """The photo cannot be captioned."""

    code = "photo_error"


class PhotoNotFound(PhotoError):
    """There is no such file, or it is a folder."""

    code = "photo_not_found"


class PhotoEmpty(PhotoError):
    """The file has no bytes."""

    code = "photo_empty"


class PhotoTooLarge(PhotoError):
    """The file has too many bytes or the photo too many pixels."""

    code = "photo_too_large"


class PhotoUnsupported(PhotoError):
    """The file is no photo of a format that Moodcap reads."""

    code = "photo_unsupported"


class PhotoBroken(PhotoError):
    """The file is truncated or damaged."""

    code = "photo_broken"


class RequestError(MoodcapError):
    """The request asks for something that does not exist: a mood, a blend, an intensity out of range."""

    code = "request_error"


class UnknownMood(RequestError):
    """No mood has that name."""

    code = "unknown_mood"


class ModelError(MoodcapError):
    """A model cannot be loaded or cannot answer."""

    code = "model_error"


class ModelNotFound(ModelError):
    """The model is not on this machine and may not or cannot be fetched."""

    code = "model_not_found"


class UnknownBackend(ModelError):
    """The setting names no backend or preset."""

    code = "unknown_backend"


class UnknownLabels(ModelError):
    """A classifier has labels that the table of emotions does not know."""

    code = "unknown_labels"


class SetupError(MoodcapError):
    """The embedded models cannot be fetched or assembled."""

    code = "setup_error"


class Unforeseen(MoodcapError):
    """Something went wrong that nobody foresaw: a fault of Moodcap's, or of a library or model that it uses."""

    code = "internal_error"
