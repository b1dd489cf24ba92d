"""Meta's management calls: how the number, the token, the subscription and the templates are.

They are not for sending. Like the client for messages, this one tries once and never repeats itself.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import aiohttp
from yarl import URL

from ..settings import Settings
from .cloud import json_of
from .faults import Action, Fault, of_answer, of_exception
from .tolerant import items, mapping, text

# These calls are slower than sending, but a watchdog that waits longer than this is asleep.
TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=3)
# 19 templates fit into one page; an account with 2,000 of its own is the largest Meta allows.
PAGE, PAGES = 100, 25

NUMBER_FIELDS = (
    "id,display_phone_number,verified_name,name_status,quality_rating,status,code_verification_status,"
    "account_mode,throughput,webhook_configuration,whatsapp_business_manager_messaging_limit"
)
TEMPLATE_FIELDS = "id,name,language,status,category,previous_category,quality_score,rejected_reason,components"

# Asked too often, by this application or for this account: later it will answer.
_BUSY = frozenset({"4", "17", "32", "613", "80007", "80008"})
_PASSING = frozenset({Action.RETRY, Action.THROTTLED, Action.SLOW_DOWN, Action.AWAIT_STATUS})
_TOKEN = "190"  # noqa: S105 - the code of "the token is not valid"


class ManagementFailed(Exception):
    """Meta said no, or nothing."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(f"{fault.code}: {fault.details}")

    @property
    def passing(self) -> bool:
        """Nothing was learned: Meta was not reached, is unwell, or was asked too often."""
        return self.fault.code in _BUSY or self.fault.action in _PASSING

    @property
    def token_refused(self) -> bool:
        return self.fault.code == _TOKEN


class Management:
    """Ask the Graph API at `settings.whatsapp_api_url` about the account that the settings name."""

    def __init__(self, session: aiohttp.ClientSession, settings: Settings) -> None:
        self._session = session
        self._url = settings.whatsapp_api_url.rstrip("/")
        self._token = settings.whatsapp_token.get_secret_value()
        self._business = settings.whatsapp_business_account_id

    async def number(self, account: str) -> dict[str, Any]:
        """Return the fields of a phone number; raise `ManagementFailed`."""
        return await self._ask("GET", account, {"fields": NUMBER_FIELDS})

    async def health(self, node: str) -> dict[str, Any]:
        """Return `health_status` of a number, an account or a template: may it send?"""
        return mapping((await self._ask("GET", node, {"fields": "health_status"})).get("health_status"))

    async def token(self) -> dict[str, Any]:
        """Return what Meta knows about our own token: valid, until when, for what."""
        return mapping((await self._ask("GET", "debug_token", {"input_token": self._token})).get("data"))

    async def subscriptions(self) -> list[dict[str, Any]]:
        """Return the applications that get the account's webhooks."""
        answer = await self._ask("GET", f"{self._business}/subscribed_apps")
        return [mapping(mapping(each).get("whatsapp_business_api_data")) for each in items(answer.get("data"))]

    async def subscribe(self) -> None:
        """Have the account's webhooks sent to the application of our token."""
        await self._ask("POST", f"{self._business}/subscribed_apps")

    async def templates(self) -> list[dict[str, Any]]:
        """Return every template of the account, page by page."""
        found: list[dict[str, Any]] = []
        query = {"fields": TEMPLATE_FIELDS, "limit": str(PAGE)}
        for _ in range(PAGES):
            answer = await self._ask("GET", f"{self._business}/message_templates", query)
            found += [mapping(each) for each in items(answer.get("data"))]
            paging = mapping(answer.get("paging"))
            cursor = text(mapping(paging.get("cursors")).get("after"))
            # The cursor, not the ready-made address: that one may lead anywhere.
            if not (cursor and paging.get("next")):
                break
            query["after"] = cursor
        return found

    async def create_template(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create a template; return its id, status and category."""
        return await self._ask("POST", f"{self._business}/message_templates", content=body)

    async def update_template(self, identifier: str, body: Mapping[str, Any]) -> None:
        """Replace what `body` names of a template: all its components, or its category."""
        await self._ask("POST", identifier, content=body)

    async def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        content: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        try:
            async with self._session.request(
                method,
                URL(f"{self._url}/{path}").with_query(query or {}),
                json=content,
                headers={"Authorization": f"Bearer {self._token}"},
                timeout=TIMEOUT,
                allow_redirects=False,
            ) as answer:
                body, status = await json_of(answer), answer.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise ManagementFailed(of_exception(error)) from error
        if not 200 <= status < 300 or not isinstance(body, dict) or "error" in body:
            raise ManagementFailed(_fault(status, body))
        return body


def _fault(status: int, body: object) -> Fault:
    """Return the fault with what Meta wrote for people: its own text often says only "Invalid parameter"."""
    fault = of_answer(status, body)
    told = text(mapping(mapping(body).get("error")).get("error_user_msg"))
    return replace(fault, details=f"{fault.details}: {told}"[:500]) if told else fault
