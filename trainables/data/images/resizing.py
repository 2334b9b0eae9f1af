"""A copy of a folder with smaller images, which decode faster: same classes, same names.

Each file appears whole, and holds in a JPEG comment how it was made and a checksum. So a copy that
was interrupted goes on where it was, what is damaged is made again, and there are no notes that
could be lost. Until all of it is there, `.resizing` lies in the copy, and no sweep takes it.
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PIL import Image

from trainables.addresses import filesystem
from trainables.data.errors import DataError, one_line
from trainables.data.images import listing, parallel
from trainables.data.images.reading import fetched
from trainables.data.images.split_folders import UNFINISHED
from trainables.data.images.trees import is_local, join

START, COMMENT, APPLICATION = b"\xff\xd8", b"\xff\xfe", b"\xff\xe0"
TAG = b"sweeps-resized "


@dataclass(frozen=True)
class Resizing:
    """Small: it is sent to every decoder."""

    source: str
    target: str
    short_side: int
    """Images have at most this afterwards; smaller ones keep their pixels."""
    quality: int

    def files(self) -> list[str]:
        """Return the paths of all that is to be there; the user is told what is skipped.

        Raises DataError.
        """
        return parallel.paths(listing.told(self.source))

    def run(self, files: list[str], decoders: int) -> Iterator[str]:
        """Makes what is not there whole. Of each file in order: `there`, `made`, or what is wrong
        with the original.

        Raises DataError where the copy cannot be written or has images that are not to be there.
        """
        wrong = False
        with _writing(self.target):
            fs, root = filesystem(self.target)
            base = join(root, *files[0].split("/")[:-3])  # beside the splits: found from either
            fs.makedirs(base, exist_ok=True)
            fs.pipe_file(f"{base}/{UNFINISHED}", b"")
            for folder in sorted({path.rpartition("/")[0] for path in files}):
                fs.makedirs(f"{root}/{folder}", exist_ok=True)
            for state in parallel.over(partial(_make, self), files, decoders):
                wrong |= state not in ("there", "made")
                yield state
            if wrong:
                return
            others = set(parallel.paths(listing.read(self.target, whole=False))) - set(files)
            if others:
                raise DataError(
                    f"{self.target} has {len(others)} images that {self.source} has not, "
                    f"{min(others)} say; remove them, or name another folder"
                )
            fs.rm_file(f"{base}/{UNFINISHED}")


@contextmanager
def _writing(target: str) -> Iterator[None]:
    """What file systems raise becomes a DataError that names the copy."""
    try:
        yield
    except (OSError, ValueError, ImportError) as error:
        raise DataError(f"cannot write to {target}: {one_line(error)}") from None


def _make(how: Resizing, files: list[str]) -> list[str]:
    fs, root = filesystem(how.target)
    held = dict(zip(files, (content for _, content in fetched(how.target, files)), strict=True))
    absent = [path for path in files if not _whole(held[path], how)]
    states = dict.fromkeys(files, "there")
    for path, (where, content) in zip(absent, fetched(how.source, absent), strict=True):
        try:
            if isinstance(content, DataError):
                raise content
            made = _resized(content, where, how)
        except DataError as error:
            states[path] = str(error)
            continue
        target = f"{root}/{path}"
        if is_local(fs):
            unfinished = Path(target).with_name(f".{Path(target).name}.partial")
            unfinished.write_bytes(made)
            os.replace(unfinished, target)
        else:
            fs.pipe_file(target, made)
        states[path] = "made"
    return [states[path] for path in files]


def _resized(content: bytes, where: str, how: Resizing) -> bytes:
    from trainables.data.images import pixels

    pictured = pixels.decode(content, where)
    height, width, _ = pictured.shape
    image = Image.fromarray(pictured.numpy())
    if min(width, height) > how.short_side:
        share = how.short_side / min(width, height)
        size = round(width * share), round(height * share)
        image = image.resize(size, Image.Resampling.LANCZOS)
    elif content.startswith(START):
        return _tagged(content, how)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=how.quality)
    return _tagged(out.getvalue(), how)


def _tag(content: bytes, how: Resizing) -> bytes:
    settings = f"{how.short_side} {how.quality} ".encode()
    return TAG + settings + hashlib.sha256(content).hexdigest()[:32].encode()


def _tagged(content: bytes, how: Resizing) -> bytes:
    """A JPEG with a comment that tells the rest's checksum, behind JFIF's segment if any."""
    at = len(START)
    if content[at : at + 2] == APPLICATION:
        at += 2 + int(struct.unpack(">H", content[at + 2 : at + 4])[0])
    tag = _tag(content, how)
    return content[:at] + COMMENT + struct.pack(">H", 2 + len(tag)) + tag + content[at:]


def _whole(content: bytes | DataError, how: Resizing) -> bool:
    """Whether a file is what `_tagged` made with the same settings, to the last bit."""
    if isinstance(content, DataError):
        return False
    at = content.find(COMMENT)
    while at >= 0 and content[at + 4 : at + 4 + len(TAG)] != TAG:
        at = content.find(COMMENT, at + 2)
    if at < 0:
        return False
    length = int(struct.unpack(">H", content[at + 2 : at + 4])[0])
    tag, rest = content[at + 4 : at + 2 + length], content[:at] + content[at + 2 + length :]
    return tag == _tag(rest, how)
