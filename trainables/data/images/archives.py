"""Tar archives of images, compressed or not, read from begin to end."""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, Any, Self, cast

from trainables.data.errors import DataError, one_line
from trainables.data.images.split_folders import may_hold


class _Member(tarfile.TarInfo):
    """A member whose damaged or cut header is an error: tarfile takes it for the archive's end."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if buf and not any(buf):  # zeros: the end
                raise
            raise tarfile.ReadError(str(error)) from None


def members(address: str, stream: IO[bytes]) -> Iterator[tuple[str, bytes | None]]:
    """Yield the path of each file and, if it could be an image of a class, its content.

    Raises DataError where the archive is damaged, holds links, or paths that lead out of it.
    """
    with (
        _whole(address),
        _plain(stream) as plain,
        tarfile.open(fileobj=plain, mode="r|*", tarinfo=_Member) as archive,
    ):
        for member in archive:
            if member.issym() or member.islnk():
                raise DataError(
                    f"{address}: {member.name} is a link; make the archive with what links point "
                    "to (tar --dereference --hard-dereference)"
                )
            if not member.isfile():
                continue
            parts = PurePosixPath(member.name.lstrip("/")).parts
            if ".." in parts or not parts:
                raise DataError(f"{address}: {member.name} leads out of the archive")
            path = "/".join(parts)
            if not may_hold(path):
                yield path, None
            elif content := archive.extractfile(member):
                yield path, content.read()
        try:
            while plain.read(2**20):  # to the end, where gzip has its checksum
                pass
        except gzip.BadGzipFile as error:
            if "Not a gzipped file" not in str(error):  # what follows the archive is passed over
                raise


@contextmanager
def _plain(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """What gzip has compressed, or the stream as it is. tarfile does not check gzip's checksum."""
    whole = io.BufferedReader(_Forwards(stream))
    if whole.peek(2)[:2] != b"\x1f\x8b":
        yield whole
        return
    with gzip.GzipFile(fileobj=whole) as plain:
        yield cast(IO[bytes], plain)


class _Forwards(io.RawIOBase):
    """A stream that is read from begin to end only, as one of a web server."""

    def __init__(self, stream: IO[bytes]):
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._stream.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)


TAR = re.compile(r"\.(tar|tgz|tbz2?|txz)\b")


@contextmanager
def _whole(address: str) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError, TypeError, gzip.BadGzipFile, zlib.error) as error:
        # TypeError: cut in gzip's header
        told = f"{address} is not a whole tar archive: {one_line(error)}"
        if not TAR.search(address.lower()):
            told += "; data are folders and tar archives of images, .npz and .safetensors files"
        raise DataError(told) from None
