"""Settings: every variable Odys reads, its default and its reason."""

from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class UnsafeSettings(Exception):
    """The settings would put people at risk in production; the text lists what to set."""


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


CommaList = Annotated[list[str], NoDecode, BeforeValidator(_split)]
SecretList = Annotated[list[SecretStr], NoDecode, BeforeValidator(_split)]

# Of what an operator makes up and a stranger may try over the network.
SHORTEST = 12
DEFAULT_SECRET = "odys-development-only"  # noqa: S105 - refused in production


class Settings(BaseSettings):
    """Read the environment, then `.env`; an empty variable counts as unset."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)

    odys_env: Literal["development", "production"] = "development"
    public_url: str = "http://localhost:8080"
    port: int = 8080
    log_level: str = "INFO"
    # Of a worker: where it shows /metrics and /healthz; 0 shows nothing. `odys web` shows them on its own port.
    metrics_port: int = 0
    database_url: str = "sqlite+aiosqlite:///odys.sqlite3"
    redis_url: str = ""
    secret_key: SecretStr = SecretStr(DEFAULT_SECRET)
    cron_secret: SecretStr = SecretStr("")
    trusted_proxies: CommaList = Field(default_factory=list)
    # Whole origins (https://app.example.com) whose pages may call the API from a browser.
    cors_origins: CommaList = Field(default_factory=list)

    whatsapp_api_url: str = "https://graph.facebook.com/v26.0"
    whatsapp_token: SecretStr = SecretStr("")
    whatsapp_phone_number_id: str = ""
    whatsapp_business_account_id: str = ""
    whatsapp_app_secret: SecretList = Field(default_factory=list)
    whatsapp_verify_token: SecretStr = SecretStr("")
    # Meta lets a number send 80 a second, and 1,000 once it is trusted; a little less, so that a late packet breaks
    # nothing.
    whatsapp_messages_per_second: int = Field(78, ge=1, le=1000)

    evolution_api_url: str = ""
    evolution_api_key: SecretStr = SecretStr("")
    evolution_instance: str = ""
    evolution_webhook_token: SecretStr = SecretStr("")

    groq_api_key: SecretStr = SecretStr("")
    # The SDK appends /openai/v1/…: this is the host root, never a path.
    groq_base_url: str = "https://api.groq.com"
    groq_model: str = "openai/gpt-oss-120b"
    groq_fallback_model: str = "openai/gpt-oss-20b"
    groq_transcription_model: str = "whisper-large-v3-turbo"

    stripe_secret_key: SecretStr = SecretStr("")
    stripe_webhook_secret: SecretList = Field(default_factory=list)
    stripe_api_base: str = "https://api.stripe.com"
    stripe_price_basic: str = ""
    stripe_price_pro: str = ""
    stripe_price_premium: str = ""

    supabase_jwt_secret: SecretStr = SecretStr("")
    supabase_jwks_url: str = ""

    smtp_url: SecretStr = SecretStr("")
    email_from: str = "Odys <odys@localhost>"
    alert_email: str = ""
    sentry_dsn: SecretStr = SecretStr("")

    # What came in raw and what was sent, word for word. A whole month, because the month's cost is counted from it;
    # and never less than the eight days in which a provider may deliver something again.
    retention_days: int = Field(35, ge=9)
    # What was said, as the conversations show it.
    history_months: int = Field(12, ge=1)

    # People send a thought in pieces; a turn waits this long after the last piece (1.2 s absorbs four
    # messages within a second) and never longer than the second figure after the first one.
    burst_wait_seconds: float = 1.2
    burst_limit_seconds: float = 4.0
    # A worker that dies in mid-turn frees its conversation after this long; a live one renews it.
    turn_lease_seconds: float = 12.0
    # A turn may think for 28 s; a request that waits for its answer waits a little longer.
    chat_wait_seconds: float = 30.0

    @property
    def cloud(self) -> bool:
        """Meta's Cloud API is used; without any transport named, it is the one that is missing."""
        return bool(self.whatsapp_token.get_secret_value()) or not self.evolution

    @property
    def evolution(self) -> bool:
        """An Evolution server is named."""
        return bool(self.evolution_api_url)

    @property
    def default_account(self) -> str:
        """The number that messages leave from when nothing names another: an instance when Meta's API is not used."""
        return self.whatsapp_phone_number_id if self.cloud else self.evolution_instance

    @property
    def production(self) -> bool:
        return self.odys_env == "production"

    @property
    def embedded(self) -> bool:
        """One process does everything: no Redis server is named."""
        return not self.redis_url

    @property
    def sells_plans(self) -> bool:
        return bool(self.stripe_secret_key.get_secret_value())

    @property
    def sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @cached_property
    def proxies(self) -> list[IPv4Network | IPv6Network]:
        return [ip_network(part, strict=False) for part in self.trusted_proxies]

    def refuse_unsafe(self) -> None:
        """Raise `UnsafeSettings` where production would run without a wall it needs."""
        if not self.production:
            return
        wrong = [
            (
                _weak(self.cron_secret),
                f"CRON_SECRET is empty or shorter than {SHORTEST} characters: anyone could run the cron routes",
            ),
            (self.cloud and not self.whatsapp_app_secret, "WHATSAPP_APP_SECRET is empty: webhooks could be forged"),
            (self.cloud and not self.whatsapp_verify_token.get_secret_value(), "WHATSAPP_VERIFY_TOKEN is empty"),
            (
                self.cloud and not self.whatsapp_token.get_secret_value(),
                "WHATSAPP_TOKEN is empty: nothing could be sent",
            ),
            (
                self.evolution and _weak(self.evolution_webhook_token),
                f"EVOLUTION_WEBHOOK_TOKEN is empty or shorter than {SHORTEST} characters: webhooks could be forged",
            ),
            (
                self.evolution and not (self.evolution_instance and self.evolution_api_key.get_secret_value()),
                "EVOLUTION_INSTANCE or EVOLUTION_API_KEY is empty: nothing could be sent",
            ),
            (
                self.secret_key.get_secret_value() == DEFAULT_SECRET or len(self.secret_key.get_secret_value()) < 32,
                "SECRET_KEY is the default or shorter than 32 characters",
            ),
            (
                self.sells_plans and not any(secret.get_secret_value() for secret in self.stripe_webhook_secret),
                "STRIPE_WEBHOOK_SECRET is empty: payments would never be heard of",
            ),
            (
                0 < len(self.supabase_jwt_secret.get_secret_value()) < 32,
                "SUPABASE_JWT_SECRET is shorter than 32 characters: whoever has one token could find it out",
            ),
            (self.sqlite and bool(self.redis_url), "DATABASE_URL is SQLite but REDIS_URL names several processes"),
        ]
        if found := [text for bad, text in wrong if bad]:
            raise UnsafeSettings("; ".join(found))


def _weak(secret: SecretStr) -> bool:
    return len(secret.get_secret_value()) < SHORTEST


def templates_directory() -> Path:
    """Return the folder of templates: beside the packages in a checkout, inside `bot` in a wheel."""
    inside = Path(__file__).parent / "templates"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "templates"
