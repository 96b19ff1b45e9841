"""The certificate authority of one run: what it signs is worth nothing outside the world."""

from __future__ import annotations

import ssl
import warnings
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import trustme

ORGANIZATION = "Acceptance world"
LONG_AGO, OVER = datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 3, 31, tzinfo=UTC)


class Authority:
    """Issues a host's certificate when it is first asked for. Its own private key never leaves the memory.

    With a `directory` it is the same from run to run, and its key is kept there for its owner only.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._ca = trustme.CA(organization_name=ORGANIZATION) if directory is None else _kept(directory)
        self._server_context = cache(lambda host: _server_context(self._ca, host))
        self._impostor_context = cache(lambda host: _server_context(trustme.CA(organization_name=ORGANIZATION), host))
        self._namesake_context = cache(lambda host: _server_context(self._ca, f"not.{host}"))
        self._expired_context = cache(lambda host: _server_context(self._ca, host, not_before=LONG_AGO, not_after=OVER))
        self._outdated_context = cache(lambda host: _outdated(_server_context(self._ca, host)))

    def write_ca(self, path: Path) -> None:
        """Writes the authority's certificate (PEM): what callers trust, by SSL_CERT_FILE for instance."""
        self._ca.cert_pem.write_to_path(path)

    def write_server(self, host: str, path: Path) -> Path:
        """Writes key and certificate of a server that has to read them (PEM, for its owner only); returns the path."""
        path.touch(mode=0o600)
        _issue(self._ca, host).private_key_and_cert_chain_pem.write_to_path(path)
        return path

    def server_context(self, host: str) -> ssl.SSLContext:
        """The context of a server that proves to be `host`."""
        return self._server_context(host)

    def impostor_context(self, host: str) -> ssl.SSLContext:
        """The context of a server that claims to be `host`, signed by an authority that nobody trusts."""
        return self._impostor_context(host)

    def namesake_context(self, host: str) -> ssl.SSLContext:
        """The context of a server in the place of `host` whose certificate is good, and of another host."""
        return self._namesake_context(host)

    def expired_context(self, host: str) -> ssl.SSLContext:
        """The context of a server that proved to be `host` until its certificate expired."""
        return self._expired_context(host)

    def outdated_context(self, host: str) -> ssl.SSLContext:
        """The context of a server that proves to be `host`, and speaks no TLS version after 1.1."""
        return self._outdated_context(host)

    def client_context(self) -> ssl.SSLContext:
        """The context of a caller that trusts this authority and no other."""
        return ssl.create_default_context(cadata=self._ca.cert_pem.bytes().decode())


def _kept(directory: Path) -> trustme.CA:
    certificate, key = directory / "ca.pem", directory / "ca.key"
    if certificate.exists() and key.exists():
        return trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())
    made = trustme.CA(organization_name=ORGANIZATION)
    key.touch(mode=0o600)
    made.private_key_pem.write_to_path(key)
    made.cert_pem.write_to_path(certificate)
    return made


def _issue(ca: trustme.CA, host: str, **validity: Any) -> trustme.LeafCert:
    return ca.issue_cert(host, organization_name=ORGANIZATION, **validity)


def _server_context(ca: trustme.CA, host: str, **validity: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _issue(ca, host, **validity).configure_cert(context)
    context.set_alpn_protocols(["http/1.1"])
    context.num_tickets = 0  # nobody resumes a session here, and a ticket costs time on every connection
    return context


def _outdated(context: ssl.SSLContext) -> ssl.SSLContext:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # which is why nobody should speak it
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    return context
