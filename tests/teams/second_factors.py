"""Second factors that tests hold in their hands: an authenticator app, computed from RFC 6238, and a security key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import struct
import time
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from fido2 import cbor

from teams.models import User
from teams.sign_in.two_factor import factors

ORIGIN = "https://runbell.test"


class App:
    """An authenticator app on a phone."""

    def __init__(self, secret: str) -> None:
        self.secret = secret.replace(" ", "")

    def code(self, steps_from_now: int = 0) -> str:
        counter = int(time.time()) // 30 + steps_from_now
        digest = hmac.new(base64.b32decode(self.secret), struct.pack(">Q", counter), hashlib.sha1).digest()
        start = digest[-1] & 15
        return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 10**6:06}"


def app_of(user: User) -> App:
    """Set up an app for a person, that has shown no code of today."""
    secret = base64.b32encode(secrets.token_bytes(20)).decode()
    factors.add_app(user, secret, 0)
    return App(secret)


class Key:
    """A security key that signs with ES256, and asks its person for a PIN."""

    def __init__(self, *, origin: str = ORIGIN, is_verified: bool = True) -> None:
        self.id, self.origin = secrets.token_bytes(16), origin
        self.flags = 0b101 if is_verified else 0b001
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.user_handle = ""

    def made(self, options: dict[str, Any]) -> str:
        """Answer `navigator.credentials.create`."""
        self.user_handle = options["publicKey"]["user"]["id"]
        numbers = self.private.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cbor.encode(public)
        data = self._data(self.flags | 0b1000000) + attested
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        response = {"clientDataJSON": self._client_data("create", options), "attestationObject": text(attestation)}
        return self._answer(response, {"credProps": {"rk": True}})

    def assertion(self, options: dict[str, Any]) -> str:
        """Answer `navigator.credentials.get`."""
        client_data, data = self._client_data("get", options), self._data(self.flags)
        signed = data + hashlib.sha256(base64.urlsafe_b64decode(client_data + "==")).digest()
        response = {
            "clientDataJSON": client_data,
            "authenticatorData": text(data),
            "signature": text(self.private.sign(signed, ec.ECDSA(hashes.SHA256()))),
            "userHandle": self.user_handle,
        }
        return self._answer(response, {})

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(b"runbell.test").digest() + bytes([flags]) + struct.pack(">I", 0)

    def _client_data(self, what: str, options: dict[str, Any]) -> str:
        told = {"type": f"webauthn.{what}", "challenge": options["publicKey"]["challenge"], "origin": self.origin}
        return text(json.dumps(told).encode())

    def _answer(self, response: dict[str, str], results: dict[str, Any]) -> str:
        one = {"id": text(self.id), "rawId": text(self.id), "type": "public-key", "response": response}
        return json.dumps({**one, "clientExtensionResults": results})


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def with_password(name: str, **more: Any) -> Client:
    """A browser after the right password, where nobody is signed in yet if there is a second factor."""
    client = Client(**more)
    client.post("/sign-in", {"username": name, "password": f"{name}-password"})
    return client


def code_sent(client: Client, code: str) -> Any:
    return client.post("/sign-in/second-step", {"code": code})


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session
