"""`odys templates`: show the 19 messages, and bring those at Meta in line with them."""

import argparse
import asyncio
import difflib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from ..notify.message import Message
from ..notify.messages import MESSAGES
from ..notify.meta import LANGUAGE, example, template_json
from ..notify.render import in_window
from ..settings import Settings
from ..whatsapp.management import Management, ManagementFailed
from ..whatsapp.outgoing import plain
from ..whatsapp.tolerant import items, mapping, text
from .table import folded, show

# Meta takes an edit of these; an approved one keeps its category.
_EDITABLE = frozenset({"APPROVED", "REJECTED", "PAUSED"})


@dataclass(frozen=True, slots=True)
class Step:
    """What has to happen to one template at Meta: the verb, why, and what would be sent."""

    name: str
    verb: str
    why: str = ""
    body: Mapping[str, Any] | None = None
    identifier: str = ""


def run(options: argparse.Namespace) -> int:
    if options.name is not None and options.name not in MESSAGES:
        near = difflib.get_close_matches(options.name, MESSAGES, n=3) or list(MESSAGES)
        print(f"there is no template {options.name!r}; did you mean {', '.join(near)}?", file=sys.stderr)
        return 2
    wanted = [MESSAGES[options.name]] if options.name else list(MESSAGES.values())
    match options.what:
        case "list":
            return _list(wanted)
        case "render":
            return _render(wanted)
    settings = Settings()
    known = settings.whatsapp_token.get_secret_value() and settings.whatsapp_business_account_id
    if not known and not (options.what == "push" and options.dry_run):
        print("set WHATSAPP_TOKEN and WHATSAPP_BUSINESS_ACCOUNT_ID first", file=sys.stderr)
        return 2
    return asyncio.run(_at_meta(settings, wanted, options.what, dry=options.dry_run, known=bool(known)))


def _list(wanted: Sequence[type[Message]]) -> int:
    rows = [
        (each.name, each.category, each.audience.value, " / ".join(button.title for button in each.buttons) or "–")
        for each in wanted
    ]
    show(rows, ("name", "category", "to", "buttons"))
    return 0


def _render(wanted: Sequence[type[Message]]) -> int:
    for message in wanted:
        print(f"── {message.name} ── within 24 hours of the person's last message:\n")
        print(plain(in_window(example(message))))
        print(f"\n── {message.name} ── as a template at Meta:\n")
        print(_shown(template_json(message)), end="\n\n")
    return 0


def _shown(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, indent=2)


async def _at_meta(settings: Settings, wanted: Sequence[type[Message]], what: str, *, dry: bool, known: bool) -> int:
    async with aiohttp.ClientSession() as http:
        management = Management(http, settings)
        try:
            listed = await management.templates() if known else []
        except ManagementFailed as failed:
            print(f"Meta does not list the templates: {failed}", file=sys.stderr)
            return 1
        there = {text(each.get("name")): each for each in listed if each.get("language") == LANGUAGE}
        if what == "status":
            return _status(wanted, there)
        steps = [_step(message, there.get(message.name)) for message in wanted]
        return _announce(steps) if dry else await _push(management, steps)


# -- what is to be done


def _step(message: type[Message], there: Mapping[str, Any] | None) -> Step:
    """Compare a template with the one at Meta and return what has to happen."""
    ours = template_json(message)
    if there is None:
        return Step(message.name, "create", body=ours)
    status, category = text(there.get("status")).upper(), text(there.get("category")).upper()
    approved, changed = status == "APPROVED", _essence(ours) != _essence(there)
    moved = f"Meta made it {category}" if category != message.category else ""
    if not changed and not (moved and status in _EDITABLE):
        return Step(message.name, "same", status if not moved else f"{status}, {moved}")
    if not changed and approved:
        why = f"{moved}, and an approved template keeps its category: appeal in WhatsApp Manager"
        return Step(message.name, "leave", why)
    if status not in _EDITABLE:
        return Step(message.name, "leave", f"it is {status}: Meta takes no change before that is over")
    body: dict[str, Any] = {name: ours[name] for name in ("parameter_format", "components") if name in ours}
    if not approved:
        body["category"] = message.category
    return Step(message.name, "update", moved, body, text(there.get("id")))


def _essence(template: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a person would notice of a template: not the examples, nor the words Meta writes itself."""
    parts = {text(part.get("type")).upper(): part for part in map(mapping, items(template.get("components")))}
    body, footer = parts.get("BODY", {}), parts.get("FOOTER", {})
    if text(template.get("category")).upper() == "AUTHENTICATION":
        return {"minutes": footer.get("code_expiration_minutes"), "button": "BUTTONS" in parts}
    buttons = [mapping(each) for each in items(parts.get("BUTTONS", {}).get("buttons"))]
    return {
        "body": text(body.get("text")),
        "buttons": [(text(each.get("type")).upper(), text(each.get("text"))) for each in buttons],
        # One that somebody gave a header or a footer by hand is not ours any more.
        "more": sorted(set(parts) - {"BODY", "BUTTONS"}),
    }


# -- doing it


def _announce(steps: Sequence[Step]) -> int:
    for step in steps:
        _report(step)
        if step.body is not None:
            print(_shown(step.body))
    _sum_up(steps, "would be ")
    return 0


async def _push(management: Management, steps: Sequence[Step]) -> int:
    done: list[Step] = []
    for step in steps:
        try:
            if step.verb == "create" and step.body is not None:
                made = await management.create_template(step.body)
                step = Step(step.name, "created", text(made.get("status")))  # noqa: PLW2901
            elif step.verb == "update" and step.body is not None:
                await management.update_template(step.identifier, step.body)
                step = Step(step.name, "updated", "Meta reviews it again")  # noqa: PLW2901
        except ManagementFailed as failed:
            step = Step(step.name, "failed", str(failed))  # noqa: PLW2901
            if failed.passing or failed.token_refused:
                _report(step)
                print("stopped: the others would fail as well; run it again later", flush=True)
                return 1
        _report(step)
        done.append(step)
    _sum_up(done, "")
    return 1 if any(step.verb == "failed" for step in done) else 0


def _report(step: Step) -> None:
    folded(f"{step.verb:<8} {step.name:<34} ", step.why)


def _sum_up(steps: Sequence[Step], would: str) -> None:
    counts = {verb: sum(step.verb == verb for step in steps) for verb in dict.fromkeys(step.verb for step in steps)}
    named = {"create": f"{would}created", "update": f"{would}updated", "leave": "left alone"}
    print("\n" + ", ".join(f"{count} {named.get(verb, verb)}" for verb, count in counts.items()), flush=True)


# -- how they are


def _status(wanted: Sequence[type[Message]], there: Mapping[str, Mapping[str, Any]]) -> int:
    rows, usable = [], True
    for message in wanted:
        about = there.get(message.name, {})
        status, category = text(about.get("status")).upper() or "MISSING", text(about.get("category")).upper()
        usable = usable and status == "APPROVED"
        notes = []
        if category and category != message.category:
            notes.append(f"category changed from {message.category}")
        if (reason := text(about.get("rejected_reason"))) not in ("", "NONE"):
            notes.append(f"rejected: {reason}")
        if about and _essence(template_json(message)) != _essence(about):
            notes.append("differs from ours: `odys templates push`")
        quality = text(mapping(about.get("quality_score")).get("score")) or "–"
        rows.append((message.name, status, category or "–", quality, "; ".join(notes)))
    show(rows, ("name", "status", "category", "quality", "notes"))
    return 0 if usable else 1
