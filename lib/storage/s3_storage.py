"""Shared files in a bucket of S3, or of anything else that speaks its protocol."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
from botocore import exceptions
from botocore.config import Config

from lib.configuration.storage_address import StorageAddress
from lib.errors import StorageError
from lib.errors.storage_codes import StorageCode
from lib.storage.stored_file import StoredFile

log = logging.getLogger(__name__)

_PIECE = 2**18
_MOST_DELETED = 1_000  # that one request takes
_REGION = "us-east-1"  # what other makers' storages go by where nobody says a region

_CODES = {
    "NoSuchBucket": StorageCode.STORAGE_BUCKET_MISSING,
    **dict.fromkeys(
        ("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "AuthorizationHeaderMalformed"),
        StorageCode.STORAGE_CREDENTIALS,
    ),
    **dict.fromkeys(("AccessDenied", "AllAccessDisabled", "AccountProblem"), StorageCode.STORAGE_FORBIDDEN),
    **dict.fromkeys(("QuotaExceeded", "XMinioStorageFull", "EntityTooLarge"), StorageCode.STORAGE_FULL),
    **dict.fromkeys(
        ("ServiceUnavailable", "SlowDown", "InternalError", "RequestTimeout"), StorageCode.STORAGE_UNREACHABLE
    ),
}
"""What an answer's code means; any other one is told as it is."""


class S3Storage:
    """Files under a prefix of a bucket. The credentials are those that AWS's own tools take from the environment."""

    folder = None

    def __init__(self, address: StorageAddress) -> None:
        """Prepare; nothing is asked of the bucket yet."""
        self.address = address
        self._begin = f"{address.prefix}/" if address.prefix else ""
        session = boto3.session.Session()
        self._client: Any = session.client(
            "s3",
            endpoint_url=address.endpoint,
            region_name=address.region or session.region_name or _REGION,
            config=Config(
                connect_timeout=5,
                read_timeout=60,
                retries={"max_attempts": 3, "mode": "standard"},
                s3={"addressing_style": "path" if address.endpoint else "auto"},
                # Checksums beyond what is demanded are refused by other makers' storages.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def publish(self, path: Path, name: str) -> None:
        """Upload a local file, which stays; it appears once all of its parts are there."""
        with path.open("rb") as file, self._translated_errors(name):
            self._client.upload_fileobj(file, self.address.bucket, self._begin + name)

    def list_files(self, beginning: str) -> list[StoredFile]:
        """Return the files whose names begin so."""
        with self._translated_errors(beginning):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.address.bucket, Prefix=self._begin + beginning
            )
            return [
                StoredFile(each["Key"].removeprefix(self._begin), each["Size"], each["LastModified"].timestamp())
                for page in pages
                for each in page.get("Contents", ())
            ]

    def read(self, name: str, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        """Open a file, and return its bytes in pieces."""
        part = {} if first == 0 and last is None else {"Range": f"bytes={first}-{'' if last is None else last}"}
        with self._translated_errors(name):
            found = self._client.get_object(Bucket=self.address.bucket, Key=self._begin + name, **part)

        def pieces() -> Iterator[bytes]:
            with closing(found["Body"]) as body, self._translated_errors(name):
                yield from body.iter_chunks(_PIECE)

        return pieces()

    def delete(self, names: Sequence[str]) -> None:
        """Delete files."""
        for at in range(0, len(names), _MOST_DELETED):
            keys = [{"Key": self._begin + name} for name in names[at : at + _MOST_DELETED]]
            with self._translated_errors(names[at]):
                done = self._client.delete_objects(Bucket=self.address.bucket, Delete={"Objects": keys, "Quiet": True})
                for error in done.get("Errors", ())[:1]:
                    raise exceptions.ClientError({"Error": error}, "DeleteObjects")

    def delete_unfinished(self, age_seconds: float) -> None:
        """Abort uploads that were not finished: their parts take room, and nobody sees them."""
        before = datetime.now(UTC) - timedelta(seconds=age_seconds)
        with self._translated_errors(""):
            pages = self._client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self.address.bucket, Prefix=self._begin
            )
            for page in pages:
                for each in page.get("Uploads", ()):
                    if each["Initiated"] < before:
                        self._client.abort_multipart_upload(
                            Bucket=self.address.bucket, Key=each["Key"], UploadId=each["UploadId"]
                        )

    def check(self) -> None:
        """Put a small file there, list, read and delete it."""
        name = f"check/{secrets.token_hex(8)}"
        with self._translated_errors(name):
            self._client.put_object(Bucket=self.address.bucket, Key=self._begin + name, Body=b"callboard")
        self.list_files(name)
        for _ in self.read(name):
            pass
        self.delete([name])

    @contextmanager
    def _translated_errors(self, name: str) -> Iterator[None]:
        """Raise StorageError for what the storage answers, or where it does not."""
        try:
            yield
        except exceptions.ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code == "NoSuchKey":
                raise StorageError(StorageCode.STORED_FILE_MISSING, name=name.rpartition("/")[2]) from None
            log.warning("The storage %s answered: %s", self.address, error)
            if code in _CODES:
                raise StorageError(_CODES[code]) from None
            raise StorageError(StorageCode.STORAGE_FAILED, error=code[:60] or "no code") from None
        except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
            log.warning("The storage %s can't be asked: %s", self.address, error)
            raise StorageError(StorageCode.STORAGE_CREDENTIALS) from None
        except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
            log.warning("The storage %s does not answer: %s", self.address, error)
            raise StorageError(StorageCode.STORAGE_UNREACHABLE) from None
        except exceptions.BotoCoreError as error:
            log.warning("The storage %s can't be used: %s", self.address, error)
            raise StorageError(StorageCode.STORAGE_FAILED, error=type(error).__name__) from None
