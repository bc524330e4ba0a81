"""A shared file as an answer: whole, or the parts of it that a Range header names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from fastapi import Request, Response
from starlette.responses import FileResponse, StreamingResponse

from lib.api.errors import invalid
from lib.storage.open_storage import FileStorage

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
    "Content-Encoding": "identity",  # compressed on its way it would have no length
}


@dataclass(frozen=True, slots=True)
class OfferedFile:
    """A file of the storage that is to be downloaded: its name there and its size, and what the downloader gets."""

    stored_name: str
    size: int
    sha256: str
    download_name: str
    media_type: str


def answer_file(request: Request, storage: FileStorage, file: OfferedFile, parts: list[range]) -> Response:
    """Return the answer to a request for a file, of which `parts` are asked for; none: for all of it."""
    if storage.folder is not None:
        path = storage.folder / file.stored_name
        return FileResponse(path, media_type=file.media_type, filename=file.download_name, headers=_HEADERS)
    tag = f'"{file.sha256}"'
    is_part = len(parts) == 1 and request.headers.get("if-range", tag) == tag  # of several, all may be sent
    part = parts[0] if is_part else range(file.size)
    headers = {
        **_HEADERS,
        "Accept-Ranges": "bytes",
        "Content-Disposition": f"attachment; filename*=utf-8''{quote(file.download_name)}",
        "Content-Length": str(len(part)),
        "ETag": tag,
    }
    if is_part:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{file.size}"
    is_head = getattr(request.state, "head", False)
    content = iter(()) if is_head or not part else storage.read(file.stored_name, part.start, part.stop - 1)
    return StreamingResponse(content, 206 if is_part else 200, headers, file.media_type)


def asked_parts(request: Request, size: int) -> list[range]:
    """Return the parts of a file that a Range header names, none without one; raise ApiError for what is no part."""
    asked = request.headers.get("range")
    if asked is None:
        return []
    kind, _, listed = asked.partition("=")
    parts = [_part(each.strip(), size) for each in listed.split(",")] if kind == "bytes" else []
    if not parts or not all(parts):
        raise invalid("Range", f"The Range header is not such as bytes=0-{size - 1}, which is the whole file.")
    return parts


def _part(asked: str, size: int) -> range:
    """Return the bytes that one part of a Range header means, none for what is no part."""
    found = re.fullmatch(r"([0-9]{1,18})-([0-9]{0,18})|-([1-9][0-9]{0,17})", asked, re.ASCII)
    if found is None:
        return range(0)
    first, last, length = found[1], found[2], found[3]
    if length is not None:
        return range(max(0, size - int(length)), size)
    return range(int(first), min(int(last) + 1, size) if last else size)
