"""Shared TLS contexts: one for each trust setting."""

import ssl
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from probes.tls import CaFile, client_context
from tests.support.certificates import new_authority

CA_FILE: TypeAdapter[Path] = TypeAdapter(CaFile)


def test_a_context_is_made_once() -> None:
    assert client_context(verify=True) is client_context(verify=True)
    assert client_context(verify=False) is client_context(verify=False)
    assert client_context(verify=True) is not client_context(verify=False)


def test_verified_is_strict_and_opportunistic_takes_what_there_is() -> None:
    strict, relaxed = client_context(verify=True), client_context(verify=False)
    assert (strict.verify_mode, strict.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert strict.minimum_version is ssl.TLSVersion.TLSv1_2
    assert (relaxed.verify_mode, relaxed.check_hostname) == (ssl.CERT_NONE, False)
    assert relaxed.minimum_version is ssl.TLSVersion.MINIMUM_SUPPORTED


def test_an_authority_of_one_s_own_is_the_only_one_trusted(tmp_path: Path) -> None:
    authority = new_authority(tmp_path)
    trusted: list[dict[str, Any]] = list(client_context(True, authority.file).get_ca_certs())
    assert [dict(part[0] for part in ca["subject"])["commonName"] for ca in trusted] == ["Test authority"]


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    file = new_authority(tmp_path).file
    before = client_context(True, file)
    assert client_context(True, file) is before
    new_authority(tmp_path)
    assert client_context(True, file) is not before


def test_without_verification_the_file_is_not_asked_for() -> None:
    assert client_context(False, Path("/nowhere.pem")) is client_context(False)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "No such file or directory"),
        (b"", "holds no certificate in PEM form"),
        (b"-----BEGIN CERTIFICATE-----\nrubbish\n", "holds no certificate in PEM form"),
    ],
)
def test_a_bad_file_is_an_error_of_the_configuration(tmp_path: Path, content: bytes | None, says: str) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ValidationError, match=says):
        CA_FILE.validate_python("ca.pem", context={"folder": tmp_path})
    with pytest.raises(OSError):
        client_context(True, file)
