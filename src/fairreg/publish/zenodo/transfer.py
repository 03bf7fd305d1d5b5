# SPDX-License-Identifier: MIT
"""Files of a draft: announced, sent, completed, and compared with the local ones by their digests.

A draft tells which files it has completed, so a command that goes on sends only the others. A large file is
sent in parts of equal size (InvenioRDM 13 and later); where a service has no such transfer, in one piece.
"""

import hashlib
import re
import threading
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial

from fairreg.errors import ChecksumMismatch, FairregError
from fairreg.publish.base import Deposit, LocalFile, PublishingJob
from fairreg.publish.zenodo.api import InvenioDrafts, PublicationRefused
from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.text import one_line
from fairreg.storage.checksums import checksums_of
from fairreg.web.sending import FilePart

__all__ = ["PartSizes", "changed_files", "is_as_sent", "upload"]

_LOCAL, _MULTIPART = "L", "M"
_COMPLETED = "completed"
# Computed over the parts of a file until the service has read the whole (invenio-records-resources,
# services/files/tasks.py): MD5 of the MD5s of the parts, their number, and their size.
_OF_PARTS = re.compile(r"multipart:([0-9a-f]{32})-(\d{1,5})-(\d{1,15})")
_CHECKSUM_READS = 10
_BLOCK = 1 << 20


@dataclass(frozen=True)
class PartSizes:
    """Files of more than `from_bytes` are sent in parts of `bytes`; a store of objects takes 10,000 parts."""

    from_bytes: int = 1 << 30
    bytes: int = 256 << 20

    def count(self, size: int) -> int:
        """Return the number of parts of a file."""
        return -(-size // self.bytes)


class _StoppedError(Exception):
    """Another file failed, or the user interrupted the command: this one is not needed."""


def upload(
    job: PublishingJob,
    drafts: InvenioDrafts,
    deposit: Deposit,
    sizes: PartSizes,
    edited_fields: Callable[[], Collection[str]] = tuple,
) -> Deposit:
    """Send the files that the draft lacks, `job.jobs` at a time. Raises ChecksumMismatch.

    Files that an earlier command sent or announced and that are not in the folder any more are removed;
    others that somebody else put there stay, and are named. Raises PublicationRefused, before anything
    changes, for a file of the same name that somebody else put there; it also names the `edited_fields`,
    which would be replaced with it.
    """
    there = drafts.files(deposit.id)
    wanted = {file.name: file for file in job.files}
    differing = [name for name, entry in there.items() if name in wanted and _differs(entry, wanted[name])]
    foreign = [name for name in differing if not is_as_sent(there[name], deposit, name)]
    named = one_line(", ".join(foreign))
    if foreign and not job.take_over:
        fields = ", ".join(edited_fields())
        also = f" Also changed there: {fields}." if fields else ""
        raise PublicationRefused(
            f"{named} in the draft is neither what this folder sent nor the file here: somebody else put it "
            f"there.{also}",
            hint="Take it over into the folder or remove it there, or replace it with --take-over.",
        )
    if foreign:
        job.log(f"{named} in the draft is of somebody else; it is replaced, as --take-over says.")
    _remove_others(job, drafts, deposit, there)
    for name in differing:
        drafts.remove(deposit.id, name)
        del there[name]
    # Noted without a digest before they are announced: what is not noted could not be taken back.
    noted = {file.name: f"md5:{file.md5}" for file in job.files}
    deposit = replace(deposit, files=dict.fromkeys(wanted, ""), checksums=noted)
    job.save(deposit)
    state = _Transfers(job, drafts, deposit, sizes)
    missing = [file for file in job.files if file.name not in there]
    if missing:
        state.announce(missing)
        there = drafts.files(deposit.id)
    state.run([partial(state.bring, file, there.get(file.name)) for file in job.files])
    return state.deposit


def _remove_others(
    job: PublishingJob, drafts: InvenioDrafts, deposit: Deposit, there: dict[str, JsonNode]
) -> None:
    ours = {file.name for file in job.files}
    for name in [name for name in there if name not in ours]:
        is_complete = there[name]["status"].text == _COMPLETED
        sent = name in deposit.files and is_as_sent(there[name], deposit, name)
        if not sent and is_complete:
            job.log(f"The draft also holds {name}, which this command did not send; it stays.")
            continue
        if name not in deposit.files:
            job.log(
                f"{name} was announced in the draft and not sent, and was removed: it prevents publication."
            )
        drafts.remove(deposit.id, name)
        del there[name]


def _differs(entry: JsonNode, file: LocalFile) -> bool:
    """Tell whether a file of the draft is certainly another one, or announced otherwise than in one piece.

    All parts of a file are sent again anyway; new ones fit its size, and their addresses are valid.
    """
    if entry["status"].text != _COMPLETED:
        return entry.at("transfer", "type").text not in {_LOCAL, None}
    stated = entry["checksum"].text or ""
    return _same_kind(stated, file) not in {stated, None} or entry["size"].count not in {file.size, None}


def is_as_sent(entry: JsonNode, deposit: Deposit, name: str) -> bool:
    """Tell whether a file of the draft is what this folder sent or announced."""
    stated = entry["checksum"].text
    if entry["status"].text != _COMPLETED or stated is None:
        return name in deposit.files or entry["status"].text != _COMPLETED
    return stated in {*deposit.checksums.get(name, "").split(), f"sha256:{deposit.files.get(name)}"}


def changed_files(job: PublishingJob, deposit: Deposit, there: Mapping[str, JsonNode]) -> list[str]:
    """Return the files of the job that the draft has otherwise now."""
    known = {file.name: deposit.checksums.get(file.name, "").split() for file in job.files}
    return [
        file.name
        for file in job.files
        if (entry := there.get(file.name)) is None
        or entry["status"].text != _COMPLETED
        or (
            (stated := entry["checksum"].text or "") not in known[file.name]
            and _same_kind(stated, file) != stated
        )
    ]


class _Transfers:
    """Transfers at the same time. The first fault ends the others at their next bytes."""

    def __init__(self, job: PublishingJob, drafts: InvenioDrafts, deposit: Deposit, sizes: PartSizes) -> None:
        self._job, self._drafts, self._sizes = job, drafts, sizes
        self.deposit = deposit
        self._lock, self._over = threading.Lock(), threading.Event()

    def run(self, tasks: list[Callable[[], None]]) -> None:
        """Run tasks in threads; raise the first fault."""
        pool, interrupted = ThreadPoolExecutor(max(1, min(self._job.jobs, len(tasks)))), False
        try:
            waiting = [pool.submit(task) for task in tasks]
            wait(waiting, return_when=FIRST_EXCEPTION)
            for item in (item for item in waiting if item.done()):
                item.result()
        except KeyboardInterrupt:
            interrupted = True
            raise
        finally:
            self._over.set()
            # A request that waits for its answer would keep who interrupts waiting, too.
            pool.shutdown(wait=not interrupted, cancel_futures=True)

    def announce(self, files: list[LocalFile]) -> None:
        """Announce files, large ones in parts unless the service refuses that."""
        number = self.deposit.id
        try:
            self._drafts.announce(number, [{"key": file.name, **self._parts(file)} for file in files])
        except PublicationRefused:
            if not any(map(self._parts, files)):
                raise
            self._job.log("The service takes no files in parts: large ones are sent in one piece.")
            known = self._drafts.files(number)
            self._drafts.announce(number, [{"key": file.name} for file in files if file.name not in known])

    def _parts(self, file: LocalFile) -> dict[str, object]:
        if file.size <= self._sizes.from_bytes:
            return {}
        sent = {
            "type": _MULTIPART,
            "parts": self._sizes.count(file.size),
            "part_size": self._sizes.bytes,
        }
        return {"size": file.size, "transfer": sent}

    def bring(self, file: LocalFile, entry: JsonNode | None) -> None:
        """Bring one file to its end: sent, completed, compared, and noted in the folder."""
        try:
            if self._over.is_set():
                return
            complete = entry is not None and entry["status"].text == _COMPLETED
            found = entry if entry is not None and complete else self._send(file, entry)
            stated = self._compare(file, found)
        except _StoppedError:
            return
        with self._lock:
            self.deposit = self.deposit.with_file(file).with_checksum(file.name, stated)
            self._job.save(self.deposit)

    def _send(self, file: LocalFile, entry: JsonNode | None) -> JsonNode:
        number = self.deposit.id
        if entry is not None and entry.at("transfer", "type").text == _MULTIPART:
            self._send_parts(file, entry)
        else:
            self._drafts.send_content(number, file.name, self._part(file, 0, file.size))
        return self._drafts.commit(number, file.name)

    def _send_parts(self, file: LocalFile, entry: JsonNode) -> None:
        """Send the parts, by the size that the service states."""
        size = entry.at("transfer", "part_size").count or self._sizes.bytes
        for item in entry.at("links", "parts").items():
            number, address = item["part"].count, item["url"].text
            start = ((number or 0) - 1) * size
            if number is None or address is None or not 0 <= start < file.size:
                raise PublicationRefused(
                    f"The service did not say where the parts of {file.name} go.",
                    hint=f"Remove {file.name} from the draft at the service, and repeat the command.",
                )
            part = self._part(file, start, min(size, file.size - start))
            self._drafts.send_part(self._drafts.part_address(address), file.name, part)

    def _part(self, file: LocalFile, start: int, size: int) -> FilePart:
        def sent(done: int) -> None:
            if self._over.is_set():
                raise _StoppedError
            self._job.progress(file.name, start + done, file.size)

        return FilePart(file.path, size, start, sent)

    def _compare(self, file: LocalFile, entry: JsonNode) -> str:
        """Return the digest that the service computed. Raises ChecksumMismatch, and where there is none."""
        for attempt in range(_CHECKSUM_READS):
            stated = entry["checksum"].text
            if stated is not None:
                break
            self._job.web.rest(self._drafts.part_address("/"), attempt, 1.0, self._job.web.policy)
            entry = self._drafts.file(self.deposit.id, file.name) or entry
        local = _same_kind(stated or "", file)
        if stated is None or local is None:
            raise FairregError(
                f"The service states no digest of {file.name} that can be compared, so it is not published.",
                hint="Repeat the command later: a service may compute it after the upload.",
            )
        if stated != local:
            with self._lock:  # sent from here all the same, so the next command replaces it
                self.deposit = self.deposit.with_checksum(file.name, stated)
                self._job.save(self.deposit)
            raise ChecksumMismatch(
                f"{file.name} arrived changed: the service has {stated}, the file here {local}.",
                name=file.name,
                hint="Repeat the command: the file is sent again.",
            )
        return stated


def _same_kind(stated: str, file: LocalFile) -> str | None:
    """Return the checksum of the local file in the form of the service's, None for an unknown form."""
    of_parts = _OF_PARTS.fullmatch(stated)
    if of_parts is not None:
        return _checksum_of_parts(file, int(of_parts[3]))
    algorithm = stated.partition(":")[0]
    if algorithm in {"md5", "sha256"}:
        return f"{algorithm}:{getattr(file, algorithm)}"
    if algorithm in {"sha1", "sha512"}:
        return f"{algorithm}:{checksums_of(file.path, (algorithm,))[algorithm]}"
    return None


def _checksum_of_parts(file: LocalFile, size: int) -> str | None:
    if size < 1:
        return None
    whole, count = hashlib.md5(usedforsecurity=False), 0
    with file.path.open("rb") as stream:
        for start in range(0, file.size, size):
            part, left = hashlib.md5(usedforsecurity=False), min(size, file.size - start)
            while left and (block := stream.read(min(left, _BLOCK))):
                part.update(block)
                left -= len(block)
            whole.update(part.digest())
            count += 1
    return f"multipart:{whole.hexdigest()}-{count}-{size}"
