"""A server of the tests' own that speaks the protocol of S3, on a free port of this machine."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import boto3
import httpx
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

SECRET = "a-secret-of-the-tests"  # noqa: S105 - nothing but the tests' own server knows it


@dataclass(frozen=True)
class S3Server:
    """The server's address; it has a bucket of the name `callboard`."""

    endpoint: str

    def url(self, prefix: str, bucket: str = "callboard") -> str:
        """Return what CALLBOARD_STORAGE_URL says of a place in it."""
        return f"s3://{bucket}/{prefix}?endpoint={self.endpoint}&region=us-east-1"

    def client(self, service: str = "s3") -> Any:
        return boto3.client(service, endpoint_url=self.endpoint, region_name="us-east-1")

    @contextmanager
    def asking_for_rights(self) -> Iterator[None]:
        """Let in only who is known, and let them do only what they may; otherwise it lets anybody do anything."""
        self._let_in_after(0)
        try:
            yield
        finally:
            self._let_in_after(float("inf"))

    def _let_in_after(self, requests: float) -> None:
        answer = httpx.post(f"{self.endpoint}/moto-api/reset-auth", content=str(requests).encode(), timeout=60)
        assert answer.status_code == 200


@contextmanager
def server() -> Iterator[S3Server]:
    """Run a server, with the variables set by which clients, this process's children too, are known to it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    variables = {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_EC2_METADATA_DISABLED": "true"}
    try:
        with mock.patch.dict(os.environ, variables):
            found = S3Server(f"http://{host}:{port}")
            found.client().create_bucket(Bucket="callboard")
            yield found
    finally:
        running.stop()
