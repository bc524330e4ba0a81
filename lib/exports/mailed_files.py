"""Files that are too large for a mail: put where exports lie, for as long, and fetched by a signed link."""

from __future__ import annotations

import secrets

from lib.access import signing
from lib.exports import file_storage, signed_urls
from lib.exports.signed_urls import SignedUrl
from lib.jobs.queue import JobKind, Queue
from lib.settings import Settings
from lib.store.data_dir import unusable
from lib.store.state import StateStore


def host_file(
    settings: Settings, state: StateStore, queue: Queue, base: str, name: str, content: bytes, actor: str
) -> SignedUrl:
    """Keep a file; return the link that fetches it. Raises StorageError where there is no room."""
    number, form = f"mailed_{secrets.token_hex(8)}", name.rpartition(".")[2]
    written = file_storage.partial(settings, number, 1)
    try:
        written.write_bytes(content)
        file_storage.check_room(settings, written)
        ready = file_storage.publish(settings, written, file_storage.Digest(written), number, 1, form)
    except OSError as error:
        raise unusable(settings.exports_dir, error) from None
    finally:
        written.unlink(missing_ok=True)
    result = {"file": ready.name, "bytes": ready.size, "sha256": ready.sha256, "downloadName": name}
    job = queue.add_completed(JobKind.MAILED_FILE, {"report": "page", "format": form}, actor, result)
    return signed_urls.make(signing.load(settings, state), base, job, settings.export_hours * 3600)
