"""Why the storage of shared files can't be used: codes, as `codes` has them.

The words name no host, bucket or folder, which not everybody may know who reads them; the log has these.
"""

from __future__ import annotations

from lib.errors.codes import TextCode


class StorageCode(TextCode):
    """Why a file can't be put into the storage, or got out of it."""

    STORAGE_UNREACHABLE = (
        "storage_unreachable",
        "The storage of files does not answer. Nothing is lost; right would be to try again.",
    )
    STORAGE_BUCKET_MISSING = (
        "storage_bucket_missing",
        "The storage of files has no such bucket. Right would be one that is there, in CALLBOARD_STORAGE_URL.",
    )
    STORAGE_CREDENTIALS = (
        "storage_credentials",
        "The storage of files does not know who asks. Right would be credentials that it knows, in AWS_ACCESS_KEY_ID "
        "and AWS_SECRET_ACCESS_KEY.",
    )
    STORAGE_FORBIDDEN = (
        "storage_forbidden",
        "The storage of files forbids it. Right would be the right to list, read, write and delete files there.",
    )
    STORAGE_FULL = "storage_full", "The storage of files is full. Right would be room in it."
    STORAGE_FAILED = "storage_failed", "The storage of files can't be used ({error}); the log says more."
    STORED_FILE_MISSING = "stored_file_missing", "The file {name} is not in the storage any more."
