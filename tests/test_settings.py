"""What an operator may set is written down where an operator looks."""

import re
from pathlib import Path
from typing import Any

import pytest

from bot.settings import DEFAULT_SECRET, Settings, UnsafeSettings

EXAMPLE = Path(__file__).resolve().parent.parent / ".env.example"


def test_the_example_names_every_setting_and_nothing_else() -> None:
    named = re.findall(r"^([A-Z_]+)=", EXAMPLE.read_text(), re.MULTILINE)
    assert sorted(named) == sorted(name.upper() for name in Settings.model_fields)


def test_the_example_shows_the_defaults() -> None:
    shown, default = Settings(_env_file=EXAMPLE), Settings(_env_file=None)
    assert shown == default


SAFE: dict[str, Any] = {
    "odys_env": "production",
    "secret_key": "k" * 32,
    "cron_secret": "c" * 12,
    "whatsapp_token": "token",
    "whatsapp_app_secret": "app-secret",
    "whatsapp_verify_token": "verify",
    "evolution_api_url": "http://evolution.internal",
    "evolution_api_key": "key",
    "evolution_instance": "salon",
    "evolution_webhook_token": "t" * 12,
    "stripe_secret_key": "sk_live_1",
    "stripe_webhook_secret": "whsec_1",
    "supabase_jwt_secret": "s" * 32,
}
WEAK = [
    ("secret_key", ["", DEFAULT_SECRET, "k" * 31]),
    ("cron_secret", ["", "c" * 11]),
    ("whatsapp_app_secret", ["", " , ,"]),
    ("whatsapp_verify_token", [""]),
    ("evolution_api_key", [""]),
    ("evolution_instance", [""]),
    ("evolution_webhook_token", ["", "t" * 11]),
    ("stripe_webhook_secret", ["", ","]),
    ("supabase_jwt_secret", ["s" * 31]),
]


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WEAK for value in values])
def test_t41_production_starts_with_no_weak_or_missing_secret(name: str, value: str) -> None:
    Settings(_env_file=None, **SAFE).refuse_unsafe()
    with pytest.raises(UnsafeSettings, match=name.upper()) as refused:
        Settings(_env_file=None, **SAFE | {name: value}).refuse_unsafe()
    assert not value.strip(", ") or value not in str(refused.value)


def test_t41_a_development_machine_starts_with_nothing_set() -> None:
    Settings(_env_file=None).refuse_unsafe()
