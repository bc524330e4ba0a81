"""Text of a file as UTF-8 bytes, whatever its encoding, for readers that know UTF-8 alone."""

from __future__ import annotations

import codecs
import io
import re
from pathlib import Path

from lib.ingest.reader import open_bytes, position

_CHUNK = 2**20
_SAMPLED = _CHUNK // 4
_ESCAPES = re.compile(rb'(\\[\\"])|\\')


class Utf8Stream(io.RawIOBase):
    """The file's text as UTF-8 bytes without a byte-order mark; lines end with LF or CR LF.

    Where quotes are `escaped` by a backslash, a backslash before anything but a quote or a backslash is doubled, so
    that it stays what it is.
    """

    def __init__(self, path: Path, name: str, encoding: str, *, escaped: bool = False) -> None:
        """Open the file and read its beginning."""
        self._file = open_bytes(path, name)
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._plain = encoding == "utf-8"
        self._escaped = escaped
        self._only_returns: bool | None = None
        self._held = b""  # backslashes at the end of a chunk, of which the next one says what they are
        self._ready = bytearray()
        self._ended = False
        self._told = self._read = self._filled = 0  # bytes of the file that were told and read, and of its text
        self.quotes = 0
        self._fill()
        while self._ready.startswith(codecs.BOM_UTF8):  # files that were put together may have several
            del self._ready[: len(codecs.BOM_UTF8)]

    def sample(self) -> str:
        """Return the beginning of the text; it is still to be read."""
        while len(self._ready) < _SAMPLED and not self._ended:
            self._fill()
        return bytes(self._ready[:_SAMPLED]).decode("utf-8", "ignore")

    def peek(self) -> bool:
        """Return whether anything is left."""
        while not self._ready and not self._ended:
            self._fill()
        return bool(self._ready)

    def advanced(self, size: int) -> int:
        """Return how many bytes of the file the first `size` bytes of text take, beyond those told before.

        The text is read many blocks ahead of the rows, so that the place in the file says little.
        """
        so_far = self._read * min(size, self._filled) // max(1, self._filled)
        moved = max(0, so_far - self._told)
        self._told += moved
        return moved

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readline(self, size: int | None = -1, /) -> bytes:
        """Return the next line with its end, or its first `size` bytes where it is longer."""
        most = 2**62 if size is None or size < 0 else size
        start = 0
        while (end := self._ready.find(b"\n", start)) < 0 and not self._ended and len(self._ready) < most:
            start = len(self._ready)
            self._fill()
        return self._take(min(most, end + 1 if end >= 0 else len(self._ready)))

    def read(self, size: int | None = -1, /) -> bytes:
        """Return up to `size` bytes."""
        wanted = 2**62 if size is None or size < 0 else size
        while len(self._ready) < wanted and not self._ended:
            self._fill()
        return self._take(min(wanted, len(self._ready)))

    def packed_position(self) -> int:
        """Return how many bytes of the file on disk have been read."""
        return position(self._file)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

    def _take(self, count: int) -> bytes:
        taken = bytes(self._ready[:count])
        del self._ready[:count]
        return taken

    def _fill(self) -> None:
        chunk = self._file.read(_CHUNK)
        self._ended = not chunk
        if not self._plain:
            chunk = self._decoder.decode(chunk, final=self._ended).encode()
        if self._only_returns is None:
            self._only_returns = b"\r" in chunk and b"\n" not in chunk
        if self._only_returns:
            chunk = chunk.replace(b"\r", b"\n")
        if self._escaped:
            chunk = self._unambiguous(chunk)
        else:
            self.quotes += chunk.count(b'"')
        self._ready += chunk
        self._read, self._filled = position(self._file), self._filled + len(chunk)

    def _unambiguous(self, chunk: bytes) -> bytes:
        chunk = self._held + chunk
        self._held = b""
        if not self._ended:
            whole = chunk.rstrip(b"\\")
            chunk, self._held = whole, chunk[len(whole) :]
        self.quotes += _ESCAPES.sub(b"", chunk).count(b'"')
        return _ESCAPES.sub(lambda match: match[1] or b"\\\\", chunk)
