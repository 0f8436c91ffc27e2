"""Signed statements: golden vectors, and keys that are none."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from scribes.crypto.signatures import Es256, Rs256, token
from scribes.errors import InvalidInput


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey, password: bytes = b"") -> str:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption).decode()


def part(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_es256_signs_as_in_the_appendix_of_rfc_6979() -> None:
    number = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    signer = Es256(pem(ec.derive_private_key(number, ec.SECP256R1())))

    assert signer.sign(b"sample").hex().upper() == (
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
    )


def test_a_token_has_header_claims_and_a_signature_of_both() -> None:
    key = rsa.generate_private_key(65537, 2048)
    told = token(Rs256(pem(key)), {"iss": "anna", "iat": 5}, key_id="a-key")
    header, claims, signature = told.split(".")

    assert json.loads(part(header)) == {"alg": "RS256", "typ": "JWT", "kid": "a-key"}
    assert json.loads(part(claims)) == {"iss": "anna", "iat": 5}
    assert "=" not in told
    key.public_key().verify(part(signature), f"{header}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize("signer", [Es256, Rs256])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "größe",
        "\ud800",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        pem(ed25519.Ed25519PrivateKey.generate()),
        pem(ec.generate_private_key(ec.SECP256R1()), b"a-password"),
    ],
    ids=["empty", "nonsense", "letters", "half a pair", "damaged", "of another kind", "under a password"],
)
def test_what_is_no_key_is_refused_and_not_repeated(signer: type[Es256 | Rs256], text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        signer(text)

    assert "AAAA" not in str(refused.value)


def test_a_key_of_the_other_kind_or_too_short_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no RSA key"):
        Rs256(pem(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(InvalidInput, match="no RSA key of 2048 bits"):
        Rs256(pem(rsa.generate_private_key(65537, 1024)))
    with pytest.raises(InvalidInput, match="P-256"):
        Es256(pem(ec.generate_private_key(ec.SECP384R1())))
