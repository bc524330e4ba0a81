"""What every storage does with files, and what is wrong with one that can't be used."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from lib.errors import StorageError
from lib.errors.storage_codes import StorageCode
from lib.observability import redaction
from lib.settings import Settings
from lib.storage import open_storage
from lib.storage.open_storage import FileStorage, fetch, find_file
from tests.s3_server import SECRET, S3Server
from tests.waiting import until

CONTENT = bytes(range(256)) * 40_000  # 10 MB, which S3 takes in parts


@pytest.fixture
def storage(settings: Settings) -> FileStorage:
    return open_storage.open_storage(settings)


@pytest.fixture
def local(settings: Settings) -> Path:
    settings.data_dir.mkdir(exist_ok=True)
    return settings.data_dir / ".written.part"


def test_a_file_is_published_read_and_deleted(storage: FileStorage, local: Path) -> None:
    storage.check()
    assert storage.list_files("exports/") == []
    for name in ("exports/a.1.csv", "exports/a.10.csv", "exports/a.1.csv", "uploads/x/0"):
        local.write_bytes(CONTENT if name == "exports/a.1.csv" else b"")
        storage.publish(local, name)
    assert [(file.name, file.size) for file in storage.list_files("exports/")] == [
        ("exports/a.1.csv", len(CONTENT)),
        ("exports/a.10.csv", 0),
    ]
    assert [file.base_name for file in storage.list_files("exports/a.10")] == ["a.10.csv"]
    assert find_file(storage, "exports/a.1") is None
    fetch(storage, "exports/a.1.csv", local)
    assert local.read_bytes() == CONTENT
    assert b"".join(storage.read("exports/a.1.csv", 250, 260)) == CONTENT[250:261]
    assert b"".join(storage.read("exports/a.1.csv", len(CONTENT) - 2)) == CONTENT[-2:]
    storage.delete(["exports/a.1.csv", "exports/never.csv"])
    assert [file.name for file in storage.list_files("exports/")] == ["exports/a.10.csv"]
    with pytest.raises(StorageError, match=r"The file a\.1\.csv is not in the storage any more"):
        storage.read("exports/a.1.csv")


def test_a_folder_that_is_away_is_not_made_anew(tmp_path: Path) -> None:
    folder, away, local = tmp_path / "shared", tmp_path / "away", tmp_path / "file"
    storage = open_storage.open_storage(Settings(data_dir=tmp_path, storage_url=str(folder)))
    local.touch()
    storage.publish(local, "exports/a.csv")
    folder.rename(away)
    local.touch()
    for use in (lambda: storage.read("exports/a.csv"), lambda: storage.list_files("exports/")):
        with pytest.raises(StorageError, match="does not answer"):
            use()
    with pytest.raises(StorageError, match="does not answer"):
        storage.publish(local, "exports/b.csv")
    assert local.exists() and not folder.exists()
    away.rename(folder)
    storage.publish(local, "exports/b.csv")
    assert [file.base_name for file in storage.list_files("exports/")] == ["a.csv", "b.csv"]


def refusal(storage_url: str, data_dir: Path) -> StorageCode:
    """Return why a storage can't be used."""
    with pytest.raises(StorageError) as raised:
        open_storage.open_storage(Settings(data_dir=data_dir, storage_url=storage_url)).check()
    assert isinstance(raised.value.reason.code, StorageCode)
    return raised.value.reason.code


def test_what_is_wrong_with_a_storage(s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    assert refusal(str(tmp_path / "file"), tmp_path) is StorageCode.STORAGE_FAILED
    assert refusal("s3://callboard/x?endpoint=http://127.0.0.1:9", tmp_path) is StorageCode.STORAGE_UNREACHABLE
    assert refusal(s3.url("x", bucket="another"), tmp_path) is StorageCode.STORAGE_BUCKET_MISSING
    people = s3.client("iam")
    people.create_user(UserName="reader")
    key = people.create_access_key(UserName="reader")["AccessKey"]
    allowed = {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject"], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    people.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=policy)
    with s3.asking_for_rights():
        assert refusal(s3.url("unknown"), tmp_path) is StorageCode.STORAGE_CREDENTIALS
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        assert refusal(s3.url("wrong"), tmp_path) is StorageCode.STORAGE_CREDENTIALS
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        assert refusal(s3.url("reader"), tmp_path) is StorageCode.STORAGE_FORBIDDEN
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    assert refusal(s3.url("nobody"), tmp_path) is StorageCode.STORAGE_CREDENTIALS


def test_the_start_says_what_is_wrong(s3: S3Server, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(data_dir=tmp_path, storage_url=s3.url("x", bucket="another"))
    assert SECRET in settings.secrets
    redaction.register_secrets(*settings.secrets)
    with caplog.at_level(logging.WARNING):
        open_storage.begin_check(settings)
        until(lambda: any(record.levelname == "ERROR" for record in caplog.records))
    (line,) = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert line == (
        "Uploads, exports and bad rows can't be kept in s3://another/x: The storage of files has no such bucket. "
        "Right would be one that is there, in CALLBOARD_STORAGE_URL."
    )
    assert redaction.redact(f"refused: {SECRET}") == "refused: ***"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("http://127.0.0.1/x", "not an address of files"),
        ("s3://Bucket", "'Bucket' is not the name of a bucket"),
        ("s3://bucket?endpoint=127.0.0.1:9000", "the endpoint is not such as"),
        ("s3://bucket?zone=x", "'zone' is not known"),
        ("s3://someone:their-secret@bucket/x", "it holds credentials"),
        ("file://host/x", "not an address of files"),
        ("s3://bucket/../x", "'../x' goes up or nowhere"),
        ("shared", "not the whole path of a folder"),
        ("~/shared", "not the whole path of a folder"),
        (" ", "not the whole path of a folder"),
    ],
)
def test_an_address_that_is_none(value: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as raised:
        Settings(storage_url=value)
    assert "their-secret" not in str(raised.value).partition("[type=")[0]
