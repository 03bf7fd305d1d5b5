# SPDX-License-Identifier: MIT
"""Choice of the files of a folder that are published, and the reason against each of the others."""

import os
import re
from collections.abc import Callable, Collection, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from fairreg.errors import UsageError
from fairreg.publish.base import MOST_FILES
from fairreg.schemas.text import counted
from fairreg.services.publish.local_files.secret_texts import file_holds_secret
from fairreg.storage.file_names import HIDDEN_BUT_PUBLIC
from fairreg.storage.files import unreadable

__all__ = [
    "EXCLUDED",
    "HOLDS_TOKEN",
    "LINK",
    "STATE_FOLDER",
    "LeftOutFile",
    "SelectedFiles",
    "is_token_list",
    "select",
]

STATE_FOLDER = ".fairreg"
_MOST_LOOKED_AT = 100_000
_DEEPEST = 100  # folders, each of which is a call
_DATA = "data, which has a record of its own"
_FOLDERS = {
    "data": _DATA,
    "datasets": _DATA,
    "__pycache__": "a cache",
    "node_modules": "a cache",
    "venv": "an environment",
    "env": "an environment",
    "build": "built from other files",
    "dist": "built from other files",
    "wandb": "output of runs",
    "mlruns": "output of runs",
    "runs": "output of runs",
    "logs": "output of runs",
}
_ENDS = {
    ".egg-info": "built from other files",
    ".pyc": "a cache",
    ".log": "output of runs",
    "predictions.csv": "output of runs",  # of the project template
    ".part": "an unfinished file",
    ".tmp": "an unfinished file",
    ".swp": "an unfinished file",
    "~": "an unfinished file",
}
_VERSION_CONTROL = frozenset({".git", ".hg", ".svn", ".bzr", ".jj", "cvs"})
_DOCUMENT_OR_WEIGHTS = (
    r"(?:md|rst|html?|onnx|pt|pth|ckpt|safetensors|h5|hdf5|keras|npy|npz|bin|pkl|joblib|tflite|gguf|pb)"
)
_PROGRAM = r"(?:py|pyi|ipynb|r|jl|js|ts|c|cc|cpp|h|hpp|java|go|rs|sh)"
_SECRET_NAME = re.compile(
    r"(?:.*[._-])?(?:secrets?|credentials?|passwords?|token)(?:\.(?:json|ya?ml|toml|txt|ini|env|csv|xml|conf))?"
    r"|(?:.*[._-])?(?:api|access|auth|bearer|refresh|session|user|personal)[._-]?tokens(?:\.\w{2,5})?"
    r"|id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?(?:\.pub)?|.*\.(?:pem|key|p12|pfx|ppk|jks|kdbx|keystore)"
    r"|\.env.*|.*\.env(?:\..*)?|[._]netrc|netrc|kaggle\.json"
    r"|\.(?:pypirc|npmrc|pgpass|my\.cnf|git-credentials|htpasswd|dockercfg|boto|s3cfg|vault-token)"
    r"|\.(?:ssh|aws|azure|gnupg|kube|docker|kaggle|password-store)"
    # Also of programs and of copies of them; not of documentation and weights, and not check_password.py.
    rf"|(?:secrets?|credentials?|passwords?|api_?keys?)(?:\.(?!{_DOCUMENT_OR_WEIGHTS}$)\w{{1,10}}){{1,2}}"
    rf"|.*[._-](?:secrets?|credentials?|passwords?)(?:\.(?!{_DOCUMENT_OR_WEIGHTS}$|{_PROGRAM}$)\w{{1,10}}){{1,2}}"
    r"|client_?secrets?[._-].*\.json|service[_-]?account.*\.json|auth\.json|cookies\.(?:txt|json|sqlite)"
    r"|.*\.tfstate(?:\..*)?|.*\.tfvars(?:\.json)?|(?:.*[._-])?kubeconfig(?:\..*)?|htpasswd|rclone\.conf"
    r"|id_(?:rsa|dsa|ecdsa|ed25519)\..*|.*\.ovpn|wallet\.dat",
    re.IGNORECASE,
)
# Vocabularies of models (added_tokens.json, tokens.txt), or tokens of services: their text tells.
_TOKENS = re.compile(r"(?:.*[._-])?tokens(?:\.(?:json|ya?ml|toml|txt|ini|csv|xml|conf))?", re.IGNORECASE)
EXCLUDED, LINK = "excluded", "a link"
_SECRET = "may hold a secret"  # noqa: S105
HOLDS_TOKEN = "holds an access token or a private key"  # noqa: S105
_HISTORY = "version control"
# Reasons that no pattern of the user takes away.
_LASTING = frozenset({_SECRET, HOLDS_TOKEN, _HISTORY})


class LeftOutFile(NamedTuple):
    """A file or folder that is not published, by its path in the folder, and why."""

    name: str
    reason: str


class SelectedFiles(NamedTuple):
    """Paths of the chosen files relative to the folder, with "/", and the others."""

    names: tuple[str, ...]
    left_out: tuple[LeftOutFile, ...]


def select(
    folder: Path,
    *,
    include: Collection[str] = (),
    exclude: Collection[str] = (),
    tokens: Collection[str] = (),
    is_data_set: Callable[[tuple[str, ...]], bool] = lambda _names: False,
    limit: int = MOST_FILES,
) -> SelectedFiles:
    """Choose the files of `folder`, in the order of their names.

    Left out are version control and other hidden files, caches, data, output of runs, and what may hold a
    secret. `include` are patterns of files that are chosen although they would be left out, except version
    control and what may hold a secret by its name or text; `exclude` are patterns of files that are not.
    Links are never followed. `tokens` are the user's own. Where `is_data_set` says so of the files that were
    chosen without the data, these are the data of the record. Raises UsageError for more files than `limit`,
    which is that of the service, and for none.
    """
    secrets = tuple(token.encode() for token in tokens if token)
    walk = _Walk(folder, tuple(include), tuple(exclude), secrets)
    names = tuple(sorted(walk.files(folder)))
    if any(item.reason.startswith(_DATA) for item in walk.left_out) and is_data_set(names):
        walk = _Walk(folder, tuple(include), tuple(exclude), secrets, with_data=True)
        names = tuple(sorted(walk.files(folder)))
    if not names:
        raise UsageError(
            f"{folder} has no files to publish.", hint="Name files that were left out with --include."
        )
    if len(names) > limit:
        raise UsageError(
            f"{folder} has {counted(len(names), 'file')} to publish, and the service takes {limit}.",
            hint="Leave some out with --exclude, such as 'notebooks/*', or pack several into one archive.",
        )
    return SelectedFiles(names, tuple(sorted(walk.left_out)))


class _Walk:
    def __init__(
        self,
        folder: Path,
        include: tuple[str, ...],
        exclude: tuple[str, ...],
        tokens: tuple[bytes, ...],
        *,
        with_data: bool = False,
    ) -> None:
        self._folder, self._include, self._exclude, self._tokens = folder, include, exclude, tokens
        self._with_data = with_data
        self.left_out: list[LeftOutFile] = []
        self._looked_at = 0

    def files(self, place: Path) -> Iterator[str]:
        """Yield the chosen files below a folder."""
        if len(place.parts) - len(self._folder.parts) > _DEEPEST:
            raise UsageError(f"{self._folder} has folders that are more than {_DEEPEST} deep.")
        with unreadable(str(place)), os.scandir(place) as listed:
            entries = sorted(listed, key=lambda entry: entry.name)
        for entry in entries:
            self._looked_at += 1
            if self._looked_at > _MOST_LOOKED_AT:
                raise UsageError(f"{self._folder} has more than {_MOST_LOOKED_AT} files.")
            yield from self._entry(entry)

    def _entry(self, entry: "os.DirEntry[str]") -> Iterator[str]:
        name = Path(entry.path).relative_to(self._folder).as_posix()
        if name == STATE_FOLDER:
            return
        if not name.isprintable():  # control characters, and bytes that are no text
            shown = name.encode("unicode_escape", "surrogatepass").decode()
            self.left_out.append(LeftOutFile(shown, "its name is not plain text"))
        elif entry.is_symlink() or not (entry.is_dir() or entry.is_file()):
            self.left_out.append(LeftOutFile(name, LINK if entry.is_symlink() else "not a file"))
        elif entry.is_dir():
            yield from self._below(entry, name)
        elif (reason := self._reason(entry, name)) is not None:
            self.left_out.append(LeftOutFile(name, reason))
        else:
            yield name

    def _below(self, entry: "os.DirEntry[str]", name: str) -> Iterator[str]:
        reason = EXCLUDED if _fits(name, self._exclude) else _of_name(entry.name, is_folder=True)
        if reason is None or (reason == _DATA and self._with_data):
            yield from self.files(Path(entry.path))
            return
        before = len(self.left_out)
        may_include = reason not in _LASTING and self._may_include(name)
        inside = list(self.files(Path(entry.path))) if may_include else []
        self.left_out[before:] = [item for item in self.left_out[before:] if self._is_refused(item)]
        chosen = [item for item in inside if _fits(item, self._include)]
        self.left_out.append(
            LeftOutFile(f"{name}/", f"{reason}, except what --include names" if chosen else reason)
        )
        yield from chosen

    def _may_include(self, name: str) -> bool:
        return any(
            pattern.startswith(f"{name}/") or "/" not in pattern or fnmatchcase(name, pattern.split("/")[0])
            for pattern in self._include
        )

    def _is_refused(self, item: LeftOutFile) -> bool:
        """Tell whether the user named a file that is left out all the same."""
        return item.reason in _LASTING and _fits(item.name.rstrip("/"), self._include)

    def _reason(self, entry: "os.DirEntry[str]", name: str) -> str | None:
        if _fits(name, self._exclude):
            return EXCLUDED
        reason = _of_name(entry.name, is_folder=False)
        if reason not in _LASTING and _fits(name, self._include):
            reason = None
        return reason or (HOLDS_TOKEN if self._holds_token(entry) else None)

    def _holds_token(self, entry: "os.DirEntry[str]") -> bool:
        """Tell whether a file holds one of the user's tokens, or the like of others."""
        is_list = is_token_list(Path(entry.path).relative_to(self._folder).as_posix())
        with unreadable(entry.path), open(entry.path, "rb") as file:  # noqa: PTH123 - of an entry
            return file_holds_secret(file, self._tokens, is_token_list=is_list)


def is_token_list(name: str) -> bool:
    """Tell whether a path is that of a list of tokens, of a vocabulary or of services."""
    return any(map(_TOKENS.fullmatch, name.split("/")))


def _of_name(name: str, *, is_folder: bool) -> str | None:
    """Return the reason against a file or folder by its own name, None without one."""
    lowered = name.lower()
    if lowered in _VERSION_CONTROL:
        return _HISTORY
    if is_folder and lowered in _FOLDERS:
        return _FOLDERS[lowered]
    if _SECRET_NAME.fullmatch(name):
        return _SECRET
    if name.startswith(".") and name not in HIDDEN_BUT_PUBLIC:
        return "hidden"
    return next((reason for end, reason in _ENDS.items() if lowered.endswith(end)), None)


def _fits(name: str, patterns: tuple[str, ...]) -> bool:
    """Tell whether a path, its last part, or one of its folders matches one of the patterns."""
    parts = name.split("/")
    candidates = [name, parts[-1], *("/".join(parts[:count]) for count in range(1, len(parts)))]
    return any(fnmatchcase(item, pattern.rstrip("/")) for pattern in patterns for item in candidates)
