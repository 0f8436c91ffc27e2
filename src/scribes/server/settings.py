"""The server's settings: from the environment, then a TOML file, then defaults. `.env.example` lists them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from ..errors import InvalidInput

PREFIX = "SCRIBES_SERVER_"
MIN_SECRET_CHARS, MIN_DIFFERENT_CHARS = 32, 10
# What stands in examples all over the world, and is therefore no secret.
GIVEN_AWAY = ("change", "secret", "default", "example", "password", "insecure")


class ServerSettings(BaseSettings):
    """What a server was told. Each name stands in the environment as SCRIBES_SERVER_NAME."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", hide_input_in_errors=True)

    mode: Literal["production", "development"] = "production"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, lt=65536)] = 8000
    public_url: str = ""
    """The address that people and their browsers see; empty: http://host:port."""
    data_folder: str = ""
    """Where the database, blobs and the secret lie; empty: `server` in the data folder of Scribes."""
    database: str = ""
    """Empty: one encrypted SQLite file in the data folder; or postgresql://…"""
    secret: SecretStr = SecretStr("")
    """At least 32 characters; empty: one is made at the first start and kept in the data folder (0600)."""
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Web pages of other origins that may call this server, separated by commas."""

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
        name = ".".join(str(part) for part in first["loc"]) or "?"
        raise InvalidInput(f"the server's setting {name}: {first['msg']}", hint=".env.example lists them") from None
    except ValueError:
        raise InvalidInput(f"the settings file {file} cannot be read", hint="it is TOML: name = value") from None
    if settings.secret.get_secret_value() and not settings.is_development:
        check_secret(settings.secret.get_secret_value())
    return settings


def check_secret(secret: str) -> None:
    """Refuse a secret that can be guessed.

    Raises: InvalidInput.
    """
    hint = "leave it empty, and a strong one is made; or: openssl rand -base64 48"
    if len(secret) < MIN_SECRET_CHARS or len(set(secret)) < MIN_DIFFERENT_CHARS:
        raise InvalidInput(f"{PREFIX}SECRET is too weak", hint=hint)
    if any(word in secret.lower() for word in GIVEN_AWAY):
        raise InvalidInput(f"{PREFIX}SECRET looks like one from an example", hint=hint)
