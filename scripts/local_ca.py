"""HTTPS inside an office: a certificate authority of its own, and a certificate for this computer.

    python scripts/local_ca.py FOLDER

makes ca.key, ca.crt, server.key and server.crt in FOLDER where they are missing, renews the server's
certificate 30 days before its end or when the computer has new names or addresses, and prints how a phone
learns to trust it. Phones need HTTPS for offline work. Behind a reverse proxy with a certificate of its own
nothing of this is needed.
"""

import datetime as dt
import ipaddress
import os
import socket
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from network import interface_addresses

CA_YEARS = 10
SERVER_DAYS = 397  # phones refuse longer ones
RENEW_DAYS = 30


def host_names() -> list[str]:
    """Return the DNS names by which this computer may be called."""
    name = socket.gethostname()
    return sorted({"localhost", name, f"{name.split('.')[0]}.local"})


def host_addresses() -> list[str]:
    """Return the IP addresses by which this computer may be called, loopback included."""
    return sorted({"127.0.0.1", "::1", *interface_addresses().values()})


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Grassroots"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _write(path: Path, data: bytes, mode: int) -> None:
    part = path.with_suffix(path.suffix + ".part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(data)
    part.replace(path)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    pem = serialization.Encoding.PEM
    pkcs8 = serialization.PrivateFormat.PKCS8
    _write(path, key.private_bytes(pem, pkcs8, serialization.NoEncryption()), 0o600)


def _write_certificate(path: Path, certificate: x509.Certificate) -> None:
    _write(path, certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _builder(subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, days: int):
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))  # clocks of old phones
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def load_or_make_ca(folder: Path) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """Return the authority's key and certificate, made in `folder` if it has none yet."""
    key_path, certificate_path = folder / "ca.key", folder / "ca.crt"
    if key_path.exists() and certificate_path.exists():
        key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise SystemExit(f"{key_path} is not a key that this script made.")
        return key, x509.load_pem_x509_certificate(certificate_path.read_bytes())
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(f"Grassroots local CA ({socket.gethostname()})")
    certificate = (
        _builder(subject, subject, key.public_key(), CA_YEARS * 365)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write_key(key_path, key)
    _write_certificate(certificate_path, certificate)
    return key, certificate


def is_current(path: Path, ca: x509.Certificate, names: list[str], ips: list[str]) -> bool:
    """Say whether the server's certificate at `path` is the CA's, covers everything, and lasts."""
    if not path.exists() or not path.with_suffix(".key").exists():
        return False
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    covered = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    left = certificate.not_valid_after_utc - dt.datetime.now(dt.UTC)
    return (
        certificate.issuer == ca.subject
        and left > dt.timedelta(days=RENEW_DAYS)
        and set(names) <= set(covered.get_values_for_type(x509.DNSName))
        and set(ips) <= {str(ip) for ip in covered.get_values_for_type(x509.IPAddress)}
    )


def make_server_certificate(
    folder: Path, ca_key: ec.EllipticCurvePrivateKey, ca: x509.Certificate, names: list[str], ips: list[str]
) -> None:
    """Write server.key and server.crt for `names` and `ips`, signed by the authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    others: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    others += [x509.IPAddress(ipaddress.ip_address(ip)) for ip in ips]
    certificate = (
        _builder(_name(socket.gethostname()), ca.subject, key.public_key(), SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(others), critical=False)
        .add_extension(issuer, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    _write_key(folder / "server.key", key)
    _write_certificate(folder / "server.crt", certificate)


def instructions(folder: Path, ca: x509.Certificate) -> str:
    """Return what to do once on every phone."""
    fingerprint = ca.fingerprint(hashes.SHA256()).hex(":").upper()
    return f"""
HTTPS 根证书 / CA certificate: {folder / "ca.crt"}
  SHA-256 {fingerprint}
  每部手机装一次(把 ca.crt 传到手机,核对上面的指纹):
  - Android:设置 → 安全 → 加密与凭据 → 安装证书 → CA 证书,选 ca.crt。
  - iPhone:打开 ca.crt,设置 → 通用 → VPN与设备管理 里安装;再到 通用 → 关于本机 → 证书信任设置 里打开。
  - 电脑:把 ca.crt 导入"受信任的根证书颁发机构"。
  Install it once on each phone as a CA certificate. {folder / "ca.key"} never leaves this computer.
"""


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ca_key, ca = load_or_make_ca(folder)
    names, ips = host_names(), host_addresses()
    if not is_current(folder / "server.crt", ca, names, ips):
        make_server_certificate(folder, ca_key, ca, names, ips)
    print(instructions(folder, ca), flush=True)


if __name__ == "__main__":
    main()
