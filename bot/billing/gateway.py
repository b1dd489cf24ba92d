"""Stripe, as far as we speak to it: one thin client; the library does the wire."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from ..errors import Unavailable
from ..models.enums import Plan
from ..settings import Settings

log = logging.getLogger(__name__)

# What our reading of the objects was written against; the account's own default may be another.
VERSION = "2026-06-24.dahlia"
# For one try, in seconds; the library makes three where the connection or Stripe fails.
TIMEOUT = 10
# For all of them: nobody waits longer for a page to pay on.
PATIENCE = 20.0


class StripeAway(Unavailable):
    """Stripe did not answer, or refused us."""

    code = "stripe_away"
    sentence = "O sistema de pagamentos não respondeu. Tente de novo em alguns minutos."


class StripeFaulty(StripeAway):
    """Stripe answered with a fault of its own."""


class CustomerGone(StripeAway):
    """Stripe has no such customer: the operator deleted them there, or the key is another account's."""

    def __init__(self, customer_id: str) -> None:
        super().__init__()
        self.customer_id = customer_id


class Gateway:
    """Speak to the Stripe account of this installation."""

    def __init__(self, settings: Settings, *, patience: float = PATIENCE) -> None:
        self._settings, self._patience = settings, patience
        self._connected: tuple[Any, Any] | None = None

    def _api(self) -> Any:
        """Return the library's client; it is loaded here, because it costs 200 ms and 18 MB that few need."""
        if self._connected is None:
            import stripe  # noqa: PLC0415

            http = stripe.AIOHTTPClient(timeout=TIMEOUT)
            client = stripe.StripeClient(
                self._settings.stripe_secret_key.get_secret_value(),
                stripe_version=VERSION,
                base_addresses={"api": self._settings.stripe_api_base.rstrip("/")},
                max_network_retries=2,
                http_client=http,
            )
            self._connected = client, http
        return self._connected[0].v1

    async def close(self) -> None:
        if self._connected is not None:
            await self._connected[1].close_async()

    async def customer(self, professional_id: UUID, name: str, email: str | None, gone: str | None = None) -> str:
        """Make the customer of a professional, in place of one that is `gone`, and return its id.

        Asked again, it is the same one.
        """
        params: dict[str, Any] = {"name": name, "metadata": {"professional_id": str(professional_id)}}
        if email:
            params["email"] = email
        made = await self._ask(
            self._api().customers.create_async,
            params,
            {"idempotency_key": ":".join(filter(None, ("customer", str(professional_id), gone)))},
        )
        return str(made["id"])

    async def subscriptions(self, customer_id: str) -> list[Mapping[str, Any]]:
        """Return every subscription of a customer as it is now, ended ones too; a deleted customer has none."""
        params = {"customer": customer_id, "status": "all", "limit": 100}
        found = await self._ask(self._api().subscriptions.list_async, params, {})
        return list(found["data"])

    async def checkout(
        self, customer_id: str, professional_id: UUID, price: str, urls: tuple[str, str], key: str
    ) -> str:
        """Open a page to subscribe on, and return its address."""
        about = {"professional_id": str(professional_id)}
        params = {
            "mode": "subscription",
            "customer": customer_id,
            "client_reference_id": str(professional_id),
            "metadata": about,
            "subscription_data": {"metadata": about},
            "line_items": [{"price": price, "quantity": 1}],
            "success_url": urls[0],
            "cancel_url": urls[1],
            "locale": "pt-BR",
        }
        create = self._api().checkout.sessions.create_async
        try:
            made = await self._ask(create, params, {"idempotency_key": key})
        except StripeFaulty:
            # For a day a key is answered as it was the first time, be it by a fault.
            made = await self._ask(create, params, {"idempotency_key": f"{key}:{uuid4()}"})
        return str(made["url"])

    async def portal(self, customer_id: str, back: str) -> str:
        """Open the page where a customer changes or ends what they pay for, and return its address."""
        params = {"customer": customer_id, "return_url": back, "locale": "pt-BR"}
        made = await self._ask(self._api().billing_portal.sessions.create_async, params, {})
        return str(made["url"])

    async def _ask(self, method: Any, params: Mapping[str, Any], options: Mapping[str, Any]) -> Mapping[str, Any]:
        import stripe  # noqa: PLC0415 - see _api

        try:
            async with asyncio.timeout(self._patience):
                answer = await method(params=dict(params), options=dict(options))
        except TimeoutError as error:
            log.warning("stripe did not answer", extra={"seconds": self._patience})
            raise StripeAway from error
        except stripe.StripeError as error:
            log.warning("stripe refused", extra={"code": error.code, "reason": type(error).__name__})
            if error.code == "resource_missing" and getattr(error, "param", "") == "customer":
                raise CustomerGone(params["customer"]) from error
            raise (StripeFaulty if (error.http_status or 0) >= 500 else StripeAway) from error
        found: Mapping[str, Any] = answer.to_dict()
        return found


def prices(settings: Settings) -> dict[str, Plan]:
    """Return which plan each price of the account is, as the settings say."""
    named = {
        settings.stripe_price_basic: Plan.BASIC,
        settings.stripe_price_pro: Plan.PRO,
        settings.stripe_price_premium: Plan.PREMIUM,
    }
    return {price: plan for price, plan in named.items() if price}
