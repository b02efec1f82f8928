"""HTTPS with certificate files of a certificate authority that exists for one test run."""

import re
import signal
import socket
import ssl
from urllib.parse import urlsplit

import pytest
import requests
import trustme
from cryptography import x509

from harness.collections import JOBS_WITHOUT_VECTORS, job
from harness.processes import Gateway, run
from harness.waiting import wait_until


class Files:
    """What an operator has on disk."""

    def __init__(self, folder):
        self.authority = trustme.CA()
        issued = self.authority.issue_cert("localhost", "127.0.0.1")
        self.ca, self.certificate, self.key, self.other_key = (folder / name for name in ("ca.pem", "cert.pem", "key.pem", "other.pem"))
        self.authority.cert_pem.write_to_path(self.ca)
        for blob in issued.cert_chain_pems:
            blob.write_to_path(self.certificate, append=True)
        issued.private_key_pem.write_to_path(self.key)
        self.authority.issue_cert("localhost").private_key_pem.write_to_path(self.other_key)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return Files(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def gateway(files, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls-gateway")
    (folder / "collections").mkdir()
    (folder / "collections" / "jobs.yaml").write_text(JOBS_WITHOUT_VECTORS)
    process = Gateway(
        folder, folder / "collections",
        environment={"KAZI_TLS_CERTIFICATE": str(files.certificate), "KAZI_TLS_KEY": str(files.key), "KAZI_HEAD_TIMEOUT": "1"})
    try:
        yield process.start()
        process.stop()
    finally:
        process.dispose()


@pytest.fixture
def session(files):
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(files.ca)
        yield session


def connect(gateway, files, **options):
    context = ssl.create_default_context(cafile=files.ca)
    for name, value in options.items():
        setattr(context, name, value)
    parts = urlsplit(gateway.http)
    return context.wrap_socket(socket.create_connection((parts.hostname, parts.port), timeout=30), server_hostname="localhost")


def test_requests_over_tls(gateway, session):
    assert gateway.http.startswith("https://")
    for number in range(20):
        answer = session.post(gateway.http + "/api/v1/jobs", json=job(title=f"Secret {number}"))
        assert answer.status_code == 201
        assert session.get(gateway.http + answer.headers["Location"]).json()["title"] == f"Secret {number}"
    lines = session.get(gateway.http + "/api/v1/export/jobs.ndjson").text.splitlines()
    assert len(lines) == 20


def test_a_body_over_the_limit_is_answered_over_tls_too(gateway, session):
    answer = session.post(gateway.http + "/api/v1/jobs", data=b" " * 3_000_000, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert session.get(gateway.http + "/health/live").status_code == 200


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_the_protocol_is_of_this_age(gateway, files):
    with connect(gateway, files) as connection:
        assert connection.version() == "TLSv1.3"
    with connect(gateway, files, maximum_version=ssl.TLSVersion.TLSv1_2) as connection:
        assert connection.version() == "TLSv1.2"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    parts = urlsplit(gateway.http)
    with pytest.raises(ssl.SSLError), socket.create_connection((parts.hostname, parts.port), timeout=30) as raw:
        context.wrap_socket(raw)


def test_what_is_no_tls_is_closed_and_harms_nobody(gateway, session):
    parts = urlsplit(gateway.http)
    for first in (b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"\x00" * 1000, b"\x00" * 5000):
        with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
            connection.sendall(first)
            try:
                while connection.recv(4096):
                    pass
            except ConnectionResetError:
                pass
    assert session.get(gateway.http + "/health/live").status_code == 200


def test_a_handshake_that_does_not_end_is_ended(gateway):
    parts = urlsplit(gateway.http)
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01")
        try:
            assert connection.recv(4096) == b""
        except ConnectionResetError:
            pass


def test_closing_is_told(gateway, files):
    """After `Connection: close` comes the whole answer, then a proper end of TLS: nobody can have cut it short."""
    with connect(gateway, files) as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = b""
        while part := connection.recv(4096):
            received += part
        assert received.endswith(b'{"status":"ok"}')


def start(tmp_path, certificate, key):
    (tmp_path / "collections").mkdir(exist_ok=True)
    (tmp_path / "collections" / "jobs.yaml").write_text(JOBS_WITHOUT_VECTORS)
    flags = [*(["--tls-certificate", certificate] if certificate else []), *(["--tls-key", key] if key else [])]
    return run("kazi-gateway", "--port", "0", "--zmq", "tcp://127.0.0.1:*", "--data-dir", tmp_path / "data",
               "--collections", tmp_path / "collections", *flags, within=60)


@pytest.mark.parametrize("what, said", [
    ("no key", "--tls-key"), ("no certificate", "--tls-certificate"), ("missing key", "missing.pem"), ("missing certificate", "missing.pem"),
    ("another key", "is not the one of"), ("garbage key", "no private key"), ("garbage certificate", "no certificate"),
    ("swapped", "no certificate"), ("a folder", "cannot read"), ("empty certificate", "no certificate"),
])
def test_files_that_do_not_do(files, tmp_path, what, said):
    garbage = tmp_path / "garbage.pem"
    garbage.write_text("-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n")
    (tmp_path / "empty.pem").write_text("")
    certificate, key = {
        "no key": (files.certificate, None), "no certificate": (None, files.key),
        "missing key": (files.certificate, tmp_path / "missing.pem"), "missing certificate": (tmp_path / "missing.pem", files.key),
        "another key": (files.certificate, files.other_key), "garbage key": (files.certificate, garbage),
        "garbage certificate": (garbage, files.key), "swapped": (files.key, files.certificate), "a folder": (tmp_path, files.key),
        "empty certificate": (tmp_path / "empty.pem", files.key),
    }[what]
    result = start(tmp_path, certificate, key)
    assert result.returncode == 1
    written = result.stderr.splitlines()
    assert len(written) == 1 and written[0].startswith("kazi-gateway: "), result.stderr
    assert said in written[0]
    assert not (tmp_path / "data").exists(), "nothing was opened"


class Renewing:
    """A gateway whose certificate a test renews."""

    def __init__(self, tmp_path, new_gateway):
        self.authority = trustme.CA()
        self.ca, self.certificate, self.key = (tmp_path / name for name in ("ca.pem", "cert.pem", "key.pem"))
        self.authority.cert_pem.write_to_path(self.ca)
        self.renew()
        self.gateway = new_gateway({"KAZI_TLS_CERTIFICATE": str(self.certificate), "KAZI_TLS_KEY": str(self.key)})

    def renew(self):
        """Another certificate and key in the files; returns its serial number."""
        issued = self.authority.issue_cert("localhost", "127.0.0.1")
        chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
        self.certificate.write_bytes(chain)
        issued.private_key_pem.write_to_path(self.key)
        return self.serial(chain)

    @staticmethod
    def serial(pem):
        return x509.load_pem_x509_certificates(pem)[0].serial_number

    def connect(self):
        return connect(self.gateway, self)

    def served(self):
        """The serial number that a new connection is shown."""
        with self.connect() as connection:
            return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True)).serial_number

    def log_count(self, text):
        return self.gateway.log.count(text)


@pytest.fixture
def renewing(tmp_path):
    made = []

    def new_gateway(environment):
        (tmp_path / "collections").mkdir()
        (tmp_path / "collections" / "jobs.yaml").write_text(JOBS_WITHOUT_VECTORS)
        made.append(Gateway(tmp_path, tmp_path / "collections", environment=environment))
        return made[0].start()

    yield Renewing(tmp_path, new_gateway)
    made[0].stop()
    made[0].dispose()


def ask(connection):
    connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    received = b""
    while not received.endswith(b'{"status":"ok"}'):
        part = connection.recv(4096)
        assert part, received
        received += part


@pytest.mark.parametrize("how", ["by itself", "at SIGHUP"])
def test_a_renewed_certificate_is_shown_to_new_connections(renewing, how):
    with renewing.connect() as old:
        ask(old)
        before = renewing.served()
        serial = renewing.renew()
        assert serial != before
        if how == "at SIGHUP":
            renewing.gateway.popen.send_signal(signal.SIGHUP)
        wait_until(lambda: renewing.served() == serial, "the new certificate")
        ask(old)
        # Operators are told when it ends.
        old.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        metrics = b"".join(iter(lambda: old.recv(65536), b"")).decode()
        told, = re.findall(r"^kazi_http_certificate_expiry_timestamp_seconds (\S+)$", metrics, re.MULTILINE)
        certificate = x509.load_pem_x509_certificates(renewing.certificate.read_bytes())[0]
        assert float(told) == certificate.not_valid_after_utc.timestamp()
    assert renewing.gateway.is_running
    assert renewing.log_count("the certificate was read anew") >= 1


def test_a_renewal_through_links_is_seen(renewing, tmp_path):
    """As certbot does it, and Kubernetes: the names stay, and lead elsewhere."""
    for number in range(2):
        issued = renewing.authority.issue_cert("localhost", "127.0.0.1")
        folder = tmp_path / f"live-{number}"
        folder.mkdir()
        chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
        (folder / "cert.pem").write_bytes(chain)
        issued.private_key_pem.write_to_path(folder / "key.pem")
        for path in (renewing.certificate, renewing.key):
            (tmp_path / "new-link").symlink_to(folder / path.name)
            (tmp_path / "new-link").replace(path)
        wait_until(lambda: renewing.served() == renewing.serial(chain), "the new certificate")
    assert renewing.log_count("the certificate was not read anew") == 0


def test_files_that_do_not_do_leave_the_certificate_that_serves(renewing):
    before = renewing.served()
    good = renewing.certificate.read_bytes(), renewing.key.read_bytes()
    failures = 0
    for break_it in (lambda: renewing.certificate.write_text("garbage"), lambda: renewing.certificate.unlink(),
                     lambda: (renewing.certificate.write_bytes(good[0]), renewing.key.write_bytes(trustme.CA().issue_cert("x").private_key_pem.bytes()))):
        break_it()
        failures += 1
        wait_until(lambda: renewing.log_count("the certificate was not read anew") == failures, "the log to say so")
        assert renewing.served() == before
        # Asked for once more, it says so once more.
        renewing.gateway.popen.send_signal(signal.SIGHUP)
        failures += 1
        wait_until(lambda: renewing.log_count("the certificate was not read anew") == failures, "the log to say so again")
    serial = renewing.renew()
    wait_until(lambda: renewing.served() == serial, "a certificate that does")
    assert "PRIVATE KEY" not in renewing.gateway.log
