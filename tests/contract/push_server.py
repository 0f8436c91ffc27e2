"""A server on this machine that speaks what Google (FCM v1 and its tokens) and Apple (APNs) do, over HTTP/2 and TLS.

It refuses what they would: a signature that is not the key's, a token it did not give, headers and fields they do not
know, a push too large, tokens made anew too often. `shown` is what a person sees: pushes of one key replace each other.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import socket
import ssl
import struct
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, DataReceived, RequestReceived, StreamEnded
from h2.exceptions import ProtocolError

PROJECT, EMAIL, GOOGLE_KEY_ID = "a-project", "sender@a-project.example.org", "google-key-1"
TEAM, APPLE_KEY_ID, TOPIC = "TEAM123456", "KEY1234567", "org.example.scribes"
ANDROID, IPHONE = "fMI-qkT9:APA91b_device.token", "ab" * 32
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
FCM_PATH = f"/v1/projects/{PROJECT}/messages:send"


@dataclass
class Request:
    """One request: what came, and how its answer goes out."""

    headers: dict[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return self.headers[":path"]


@dataclass
class Reply:
    """What is answered."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


class Connection:
    """One connection of a client, in a thread of its own."""

    def __init__(self, server: PushServer, secured: ssl.SSLSocket) -> None:
        self.server, self.socket = server, secured
        self.h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self.requests: dict[int, Request] = {}

    def run(self) -> None:
        self.h2.initiate_connection()
        self.flush()
        while data := self.socket.recv(65536):
            for event in self.h2.receive_data(data):
                if isinstance(event, ConnectionTerminated):
                    return
                if isinstance(event, RequestReceived):
                    assert event.stream_id is not None
                    self.requests[event.stream_id] = Request({str(n): str(v) for n, v in event.headers or []})
                elif isinstance(event, DataReceived):
                    self.requests[event.stream_id].body += event.data or b""
                    self.h2.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)
                elif isinstance(event, StreamEnded):
                    self.server.answer(self, event.stream_id, self.requests.pop(event.stream_id))
            self.flush()

    def flush(self) -> None:
        self.socket.sendall(self.h2.data_to_send())

    def reply(self, stream: int, reply: Reply) -> None:
        content = reply.content
        self.h2.send_headers(stream, [(":status", str(reply.status)), *reply.headers.items()], not content)
        # As much as the client lets us; more than that it has stopped reading.
        while content and (room := min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)):
            self.h2.send_data(stream, content[:room], end_stream=len(content) <= room)
            content = content[room:]
        self.flush()

    def reset(self) -> None:
        """End the connection at once, without a goodbye."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


Fault = Callable[[Connection, int, Request], None]


class PushServer:
    """`faults` are done first, one a request that is no token's; `token_faults` one a request for a token."""

    def __init__(self, context: ssl.SSLContext) -> None:
        context.set_alpn_protocols(["h2"])
        self._context = context
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listening.getsockname()[1]}"
        self.google_key, self.apple_key = google_key(), ec.generate_private_key(ec.SECP256R1())
        self.faults: list[Fault] = []
        self.token_faults: list[Fault] = []
        self.asked: list[Request] = []
        self.shown: dict[str, dict[str, Any]] = {}
        self.tokens: set[str] = set()
        self.apple_tokens: list[str] = []
        self.devices = {ANDROID, IPHONE}
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def account(self) -> dict[str, str]:
        """The service account's key, as Google gives it."""
        return {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": GOOGLE_KEY_ID,
            "private_key": pem(self.google_key),
            "client_email": EMAIL,
            "token_uri": f"{self.url}/token",
        }

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def answer(self, connection: Connection, stream: int, request: Request) -> None:
        """Do what stands next."""
        self.asked.append(request)
        faults = self.token_faults if request.path == "/token" else self.faults
        if faults:
            faults.pop(0)(connection, stream, request)
        else:
            connection.reply(stream, self.served(request))

    def served(self, request: Request) -> Reply:
        """The answer of a service that is well."""
        if request.headers[":method"] != "POST":
            return Reply(405, {"reason": "MethodNotAllowed"})
        if request.path == "/token":
            return self._token(request)
        if request.path.startswith("/3/device/"):
            return self._apns(request)
        return self._fcm(request)

    def _token(self, request: Request) -> Reply:
        if request.headers.get("content-type") != "application/x-www-form-urlencoded":
            return Reply(400, {"error": "invalid_request"})
        asked = parse_qs(request.body.decode())
        now_s = time.time()
        try:
            header, claims = verified(asked["assertion"][0], self.google_key.public_key())
        except (InvalidSignature, ValueError, KeyError):
            return Reply(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
        is_right = (
            asked["grant_type"] == [GRANT]
            and header == {"alg": "RS256", "typ": "JWT", "kid": GOOGLE_KEY_ID}
            and (claims["iss"], claims["scope"], claims["aud"]) == (EMAIL, SCOPE, f"{self.url}/token")
            and abs(claims["iat"] - now_s) < 300
            and claims["iat"] < claims["exp"] <= claims["iat"] + 3600
        )
        if not is_right:
            return Reply(400, {"error": "invalid_grant"})
        self.tokens.add(token := f"ya29.{secrets.token_urlsafe(24)}")
        return Reply(200, {"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    def _fcm(self, request: Request) -> Reply:
        if request.path != FCM_PATH:
            return google(404, "NOT_FOUND")
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return google(401, "UNAUTHENTICATED")
        message = json.loads(request.body).get("message", {})
        android, notification = message.get("android", {}), message.get("notification", {})
        is_right = (
            len(request.body) <= 4096
            and set(message) <= {"token", "notification", "data", "android", "apns", "webpush", "fcm_options"}
            and set(notification) <= {"title", "body", "image"}
            and all(isinstance(value, str) for value in message.get("data", {}).values())
            and android.get("priority") in ("HIGH", "NORMAL")
            and re.fullmatch(r"\d+(\.\d+)?s", android.get("ttl", ""))
            and set(android) <= {"collapse_key", "priority", "ttl", "data", "notification"}
        )
        if not is_right:
            return google(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT")
        if message["token"] not in self.devices:
            return google(404, "NOT_FOUND", "UNREGISTERED")
        self.shown[android["notification"]["tag"]] = notification | message["data"]
        return Reply(200, {"name": f"projects/{PROJECT}/messages/0:1500415314455276%{secrets.token_hex(8)}"})

    def _apns(self, request: Request) -> Reply:
        headers = request.headers
        if not re.fullmatch(r"[0-9a-f]{64}", device := request.path.removeprefix("/3/device/")):
            return Reply(400, {"reason": "BadDeviceToken"})
        if (refused := self._provider(headers.get("authorization", ""))) is not None:
            return refused
        if headers.get("apns-topic") != TOPIC:
            return Reply(400, {"reason": "BadTopic"})
        if headers.get("apns-push-type") != "alert" or headers.get("apns-priority") not in ("5", "10"):
            return Reply(400, {"reason": "InvalidPushType"})
        if not time.time() < int(headers.get("apns-expiration", "0")) < time.time() + 30 * 86400:
            return Reply(400, {"reason": "BadExpirationDate"})
        if str(uuid.UUID(id := headers["apns-id"])) != id or not 0 < len(headers["apns-collapse-id"]) <= 64:
            return Reply(400, {"reason": "BadMessageId"})
        if len(request.body) > 4096:
            return Reply(413, {"reason": "PayloadTooLarge"})
        if device not in self.devices:
            return Reply(410, {"reason": "Unregistered", "timestamp": 1_795_000_000_000})
        payload = json.loads(request.body)
        more = {name: value for name, value in payload.items() if name != "aps"}
        self.shown[headers["apns-collapse-id"]] = payload["aps"]["alert"] | more
        return Reply(200, headers={"apns-id": id})

    def _provider(self, authorization: str) -> Reply | None:
        token = authorization.removeprefix("bearer ")
        try:
            header, claims = verified(token, self.apple_key.public_key())
        except (InvalidSignature, ValueError):
            return Reply(403, {"reason": "InvalidProviderToken"})
        if (header["alg"], header["kid"], claims["iss"]) != ("ES256", APPLE_KEY_ID, TEAM):
            return Reply(403, {"reason": "InvalidProviderToken"})
        age_s = time.time() - claims["iat"]
        if not -60 < age_s < 3600:
            return Reply(403, {"reason": "ExpiredProviderToken" if age_s > 0 else "InvalidProviderToken"})
        if token not in self.apple_tokens:
            self.apple_tokens.append(token)
        if len(self.apple_tokens) > 2:
            return Reply(429, {"reason": "TooManyProviderTokenUpdates"})
        return None

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with self._context.wrap_socket(connection, server_side=True) as secured:
                Connection(self, secured).run()
        except (OSError, ValueError, ProtocolError):
            connection.close()


@cache
def google_key() -> rsa.RSAPrivateKey:
    """One for all tests: it takes a while to find."""
    return rsa.generate_private_key(65537, 2048)


def verified(token: str, key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and claims of a token that the key signed."""
    message, _, signature = token.rpartition(".")
    if "=" in token:
        raise ValueError
    header, claims = (json.loads(decoded(part)) for part in message.split("."))
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(decoded(signature), message.encode(), padding.PKCS1v15(), hashes.SHA256())
    else:
        raw = decoded(signature)
        if len(raw) != 64:
            raise ValueError
        both = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        key.verify(both, message.encode(), ec.ECDSA(hashes.SHA256()))
    return header, claims


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def google(status: int, name: str, code: str = "") -> Reply:
    """An error as Google tells it."""
    details = [{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}] if code else []
    return Reply(status, {"error": {"code": status, "message": "a text", "status": name, "details": details}})


def says(status: int, body: Any = None, **headers: str) -> Fault:
    """Answer so."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda connection, stream, _: connection.reply(stream, Reply(status, body, named))


def breaks_off(connection: Connection, stream: int, request: Request) -> None:
    """Begin an answer, and end the connection in its middle. The push was not taken."""
    connection.h2.send_headers(stream, [(":status", "200")])
    connection.flush()
    connection.reset()


def takes_and_breaks_off(connection: Connection, stream: int, request: Request) -> None:
    """Take the push, and end the connection before that is told."""
    connection.server.served(request)
    connection.reset()


def goes_away(connection: Connection, stream: int, request: Request) -> None:
    """Tell the client to ask elsewhere, as services do before they restart."""
    connection.h2.close_connection(last_stream_id=0)
    connection.flush()
    connection.socket.close()


def hangs(connection: Connection, stream: int, request: Request) -> None:
    """Say nothing."""
    time.sleep(3)


def drips(connection: Connection, stream: int, request: Request) -> None:
    """Answer a byte at a time, each of them in time."""
    connection.h2.send_headers(stream, [(":status", "200")])
    for _ in range(100):
        connection.h2.send_data(stream, b" ")
        connection.flush()
        time.sleep(0.05)


def pings(connection: Connection, stream: int, request: Request) -> None:
    """Keep the connection busy, and never answer."""
    for _ in range(100):
        connection.h2.ping(b"12345678")
        connection.flush()
        time.sleep(0.05)
