"""Signed statements (JSON Web Tokens) by which a service knows who sends a push."""

from __future__ import annotations

from ..errors import InvalidInput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    Claims = Mapping[str, str | int]

_LEAST_RSA_BITS = 2048


class Rs256:
    """Signs with an RSA key. Source: RFC 7518, section 3.3."""

    algorithm = "RS256"

    def __init__(self, pem: str) -> None:
        """Take a private key as PEM.

        Raises: InvalidInput.
        """
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

        key = _private_key(pem)
        if not isinstance(key, RSAPrivateKey) or key.key_size < _LEAST_RSA_BITS:
            raise InvalidInput(f"the key is no RSA key of {_LEAST_RSA_BITS} bits or more")
        self._key: RSAPrivateKey = key

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message."""
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        return self._key.sign(message, PKCS1v15(), SHA256())


class Es256:
    """Signs with a key of the curve P-256. Source: RFC 7518, section 3.4."""

    algorithm = "ES256"

    def __init__(self, pem: str) -> None:
        """Take a private key as PEM.

        Raises: InvalidInput.
        """
        from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey

        key = _private_key(pem)
        if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
            raise InvalidInput("the key is no key of the curve P-256")
        self._key: EllipticCurvePrivateKey = key

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message: the same each time where the machine's OpenSSL can (RFC 6979)."""
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
        from cryptography.hazmat.primitives.hashes import SHA256

        try:
            signed = self._key.sign(message, ECDSA(SHA256(), deterministic_signing=True))
        except UnsupportedAlgorithm:  # pragma: no cover - OpenSSL before 3.2
            signed = self._key.sign(message, ECDSA(SHA256()))
        return b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(signed))


def token(signer: Rs256 | Es256, claims: Claims, *, key_id: str) -> str:
    """Return the claims as a signed token. Source: RFC 7515 (compact serialization), RFC 7519."""
    import json

    header = {"alg": signer.algorithm, "typ": "JWT", "kid": key_id}
    message = b".".join(_base64(json.dumps(part, separators=(",", ":")).encode()) for part in (header, dict(claims)))
    return b".".join((message, _base64(signer.sign(message)))).decode()


def _private_key(pem: str) -> object:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(pem.strip().encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # Not from the error: it may quote the key.
        raise InvalidInput(
            "the key cannot be read", hint="the whole text, from -----BEGIN PRIVATE KEY----- on, without a password"
        ) from None


def _base64(raw: bytes) -> bytes:
    import base64

    return base64.urlsafe_b64encode(raw).rstrip(b"=")
