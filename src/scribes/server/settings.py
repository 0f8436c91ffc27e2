"""The server's settings: from the environment, then a TOML file, then defaults. `.env.example` lists them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from ..errors import InvalidInput

PREFIX = "SCRIBES_SERVER_"
# Of `scribes login`, on the side of the person.
CLIENTS_OWN = "SCRIBES_SERVER_PASSWORD"
LISTED = "docs/reference/server-settings.md lists them all, .env.example each with its default"
MIN_SECRET_CHARS, MIN_DIFFERENT_CHARS, MIN_TOKEN_CHARS = 32, 10, 16
# What stands in examples all over the world, and is therefore no secret.
GIVEN_AWAY = ("change", "secret", "default", "example", "password", "insecure")


class ServerSettings(BaseSettings):
    """What a server was told. Each name stands in the environment as SCRIBES_SERVER_NAME."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True
    )

    mode: Literal["production", "development"] = "production"
    """development lets weak secrets and any host name pass, and shows the interface at /docs."""
    host: str = "127.0.0.1"
    """The address to listen on."""
    port: Annotated[int, Field(ge=0, lt=65536)] = 8000
    """The port to listen on; 0 takes a free one."""
    public_url: str = ""
    """The address that people and their browsers see; empty: http://host:port."""
    data_folder: str = ""
    """Where the database, blobs and the secret lie; empty: `server` in the data folder of Scribes."""
    database: str = ""
    """Empty: one encrypted SQLite file in the data folder; or postgresql://…"""
    secret: SecretStr = SecretStr("")
    """At least 32 characters; empty: one is made at the first start and kept in the data folder (0600)."""
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Web pages of other origins that may call this server, separated by commas: https://app.example.org"""
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Names by which the server is called, separated by commas; * stands for all. Empty: the name in public_url, those
    of this machine, and addresses in numbers."""
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ("127.0.0.1", "::1")
    """Addresses of reverse proxies whose word about the caller's address is taken, separated by commas."""
    registration: Literal["open", "invite", "closed"] = "open"
    """Who may have an account: everybody; who has a code of `scribes server invite`; or nobody new."""
    passkeys: bool = True
    """Whether people may sign in with passkeys."""
    requests_a_minute: Annotated[int, Field(gt=0)] = 1200
    """How often one account may ask."""
    tries_a_minute: Annotated[int, Field(gt=0)] = 30
    """How often one address may sign in, sign up or do what asks for a password; a church may stand behind one."""
    rates_at: str = "memory://"
    """Where it is counted how often was asked: in this process, or redis://… for several."""
    smtp_host: str = ""
    """The mail server that password resets go out by; empty: none is sent."""
    smtp_port: Annotated[int, Field(ge=0, lt=65536)] = 0
    """0: the usual one, 587 for starttls, 465 for tls, 25 for none."""
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection to the mail server is secured."""
    smtp_user: str = ""
    """Empty: the mail server is not signed in to."""
    smtp_password: SecretStr = SecretStr("")
    """The password of smtp_user."""
    smtp_from: str = ""
    """The address that mails come from."""
    smtp_ca: str = ""
    """A PEM file of the authority of the mail server; empty: those of this machine."""
    confirm_addresses: bool = False
    """Whether who signs up gets a mail first, and an account when it was read: then signing up tells nobody whether an
    address is known here. Another address for an account needs the code that is mailed there. Needs smtp_host."""
    signup_page: str = ""
    """The page where people confirm that; the code of the mail is added after a #. Empty: the code alone."""
    reset_page: str = ""
    """The page where people choose a new password; the code of the mail is added after a #. Empty: the code alone."""
    max_body_bytes: Annotated[int, Field(ge=1024)] = 1024 * 1024
    """The most that a request may send, where a route does not say otherwise."""
    header_timeout_s: Annotated[float, Field(gt=0, le=600)] = 15.0
    """How long the head of a request may take to arrive."""
    body_timeout_s: Annotated[float, Field(gt=0, le=3600)] = 60.0
    """How long the body of a request may take to arrive."""
    keep_alive_s: Annotated[int, Field(ge=1, le=3600)] = 30
    """How long a connection is kept on which nothing is asked."""
    shutdown_s: Annotated[int, Field(ge=1, le=600)] = 20
    """How long requests that are at work may take to end when the server stops."""
    max_connections: Annotated[int, Field(ge=1)] = 1000
    """More connections than this at once are turned away."""
    threads: Annotated[int, Field(ge=1, le=256)] = 16
    """How many requests are worked on at the same time."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """What is written to standard error, a line of JSON each; info has a line for each request."""
    metrics: Literal["off", "token", "loopback"] = "off"
    """Who may read /metrics: nobody, who sends the token as a bearer, or who calls from this machine with no proxy."""
    metrics_token: SecretStr = SecretStr("")
    """At least 16 characters, where metrics is token."""
    traces: bool = False
    """Whether OpenTelemetry traces are sent; where to, the OTEL_EXPORTER_OTLP_ENDPOINT of the environment says."""
    sentry_dsn: SecretStr = SecretStr("")
    """Where faults are reported to; empty: nowhere. No text of a person goes with them."""
    min_free_mib: Annotated[int, Field(ge=0)] = 200
    """With less room on the disk than this the server says that it is not ready."""
    index_meaning: bool = True
    """Whether what notes mean is worked out behind the requests."""
    sync_quota_bytes: Annotated[int, Field(ge=0)] = 1024 * 1024 * 1024
    """How many bytes the logs of an account may have."""
    assistant: bool = False
    """Whether notes are said in other words by a service, to which their text is sent."""
    assistant_url: str = ""
    """The OpenAI-compatible service of the assistant; its key is SCRIBES_ASSISTANT_KEY in the environment."""
    assistant_model: str = ""
    """The model of that service."""
    assistant_an_hour: Annotated[int, Field(ge=1)] = 30
    """How often an account may ask the assistant in an hour."""
    blob_bytes: Annotated[int, Field(ge=1)] = 100 * 1024 * 1024
    """How large a file may be that somebody keeps here."""
    blob_quota_bytes: Annotated[int, Field(ge=0)] = 1024 * 1024 * 1024
    """How many bytes the files of an account may have together, where the account has no quota of its own."""
    upload_hours: Annotated[int, Field(ge=1, le=24 * 30)] = 24
    """How long an upload may rest before what came of it is thrown away."""
    sync_body_bytes: Annotated[int, Field(ge=64 * 1024, le=64 * 1024 * 1024)] = 4 * 1024 * 1024 + 64 * 1024
    """How many bytes of entries are taken in one request."""

    @field_validator("allowed_origins", "allowed_hosts", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """A list as one line, as the environment gives it."""
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("allowed_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            parts = urlsplit(origin)
            if (
                parts.scheme not in ("http", "https")
                or not parts.netloc
                or f"{parts.scheme}://{parts.netloc}" != origin
            ):
                raise ValueError("an origin is https://name or https://name:port, without a path, and never *")
        return value

    @field_validator("public_url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment):
            raise ValueError("an address is https://name, and nothing but a path may follow")
        return value

    @model_validator(mode="after")
    def _has_assistant(self) -> ServerSettings:
        if self.assistant and not (self.assistant_url and self.assistant_model):
            raise ValueError("the assistant needs assistant_url and assistant_model")
        return self

    @model_validator(mode="after")
    def _has_token(self) -> ServerSettings:
        if self.metrics == "token" and len(self.metrics_token.get_secret_value()) < MIN_TOKEN_CHARS:
            raise ValueError("metrics for a token need metrics_token, of at least 16 characters")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as pydantic calls it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given in the call, then the environment, then the file that SCRIBES_SERVER_CONFIG names."""
        file = os.environ.get(f"{PREFIX}CONFIG", "")
        sources = (init_settings, env_settings)
        return (*sources, TomlConfigSettingsSource(settings_cls, Path(file))) if file else sources

    @property
    def is_development(self) -> bool:
        """Whether weak secrets and the like are let pass."""
        return self.mode == "development"

    @property
    def base_url(self) -> str:
        """The address that people see, without a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def folder(self) -> str:
        """Where everything of this server lies."""
        if self.data_folder:
            return os.path.realpath(os.path.expanduser(self.data_folder))
        from ..config import load

        return os.path.join(load().data_folder, "server")


def read_settings(**given: object) -> ServerSettings:
    """The settings of this process.

    Raises: InvalidInput, naming the setting that cannot be taken, and never its value.
    """
    file = os.environ.get(f"{PREFIX}CONFIG", "")
    if file and not os.path.exists(file):
        raise InvalidInput(f"the settings file {file} is not there", hint=f"{PREFIX}CONFIG names it")
    try:
        settings = ServerSettings(**given)  # type: ignore[arg-type]
    except ValidationError as e:
        first = e.errors(include_input=False, include_url=False)[0]
        raise _refused(str(first["loc"][0]) if first["loc"] else "?", first["type"], first["msg"]) from None
    except ValueError:
        raise InvalidInput(f"the settings file {file} cannot be read", hint="it is TOML: name = value") from None
    if settings.secret.get_secret_value() and not settings.is_development:
        check_secret(settings.secret.get_secret_value())
    return settings


def strangers() -> list[str]:
    """Names in the environment that look like settings and are none, as they are when mistyped."""
    known = {f"{PREFIX}{name.upper()}" for name in ServerSettings.model_fields} | {f"{PREFIX}CONFIG", CLIENTS_OWN}
    return sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)


def likely(name: str) -> str:
    """Where a setting's name was mistyped: what was probably meant, and else where all stand."""
    from difflib import get_close_matches

    near = get_close_matches(name.lower().removeprefix(PREFIX.lower()), list(ServerSettings.model_fields), n=1)
    return f"did you mean {near[0]}?" if near else LISTED


def _refused(name: str, kind: str, words: str) -> InvalidInput:
    if kind == "extra_forbidden":
        return InvalidInput(f"the server has no setting {name}", hint=likely(name))
    words = words.removeprefix("Value error, ").replace("Input should be", "it should be")
    return InvalidInput(f"the server's setting {name}: {words[:1].lower()}{words[1:]}", hint=LISTED)


def check_secret(secret: str) -> None:
    """Refuse a secret that can be guessed.

    Raises: InvalidInput.
    """
    hint = "leave it empty, and a strong one is made; or: openssl rand -base64 48"
    if len(secret) < MIN_SECRET_CHARS or len(set(secret)) < MIN_DIFFERENT_CHARS:
        raise InvalidInput(f"{PREFIX}SECRET is too weak", hint=hint)
    if any(word in secret.lower() for word in GIVEN_AWAY):
        raise InvalidInput(f"{PREFIX}SECRET looks like one from an example", hint=hint)
