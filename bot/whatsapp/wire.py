"""Our messages as the JSON that Meta's messages endpoint takes."""

from typing import Any

from .outgoing import Choices, Document, Image, Option, Outgoing, Template, Text
from .transport import Address

Json = dict[str, Any]


def request_body(
    to: Address, message: Outgoing, *, opaque: str, reply_to: str | None = None, media_id: str = ""
) -> Json:
    """Return the body of `POST /{phone_number_id}/messages`; `media_id` is that of an uploaded file."""
    body: Json = {"messaging_product": "whatsapp", "recipient_type": "individual"}
    if to.phone:
        body["to"] = f"+{to.phone}"
    else:
        body["recipient"] = to.bsuid
    body |= _content(message, media_id)
    body["biz_opaque_callback_data"] = opaque
    if reply_to:
        body["context"] = {"message_id": reply_to}
    return body


def _content(message: Outgoing, media_id: str) -> Json:
    match message:
        case Text(body):
            return {"type": "text", "text": {"body": body, "preview_url": "https://" in body}}
        case Choices():
            return {"type": "interactive", "interactive": _interactive(message)}
        case Image(caption=caption):
            return {"type": "image", "image": {"id": media_id, **({"caption": caption} if caption else {})}}
        case Document(filename=filename, caption=caption):
            about = {"filename": filename, **({"caption": caption} if caption else {})}
            return {"type": "document", "document": {"id": media_id, **about}}
        case Template():
            return {"type": "template", "template": _template(message)}


def _interactive(message: Choices) -> Json:
    if message.as_buttons:
        buttons = [{"type": "reply", "reply": {"id": option.id, "title": option.title}} for option in message.options]
        return {"type": "button", "body": {"text": message.numbered}, "action": {"buttons": buttons}}
    sections = [{"title": message.label, "rows": [_row(option) for option in message.options]}]
    return {
        "type": "list",
        "body": {"text": message.numbered},
        "action": {"button": message.label, "sections": sections},
    }


def _row(option: Option) -> Json:
    row = {"id": option.id, "title": option.title}
    return row | ({"description": option.description} if option.description else {})


def _template(message: Template) -> Json:
    return {"name": message.name, "language": {"code": message.language}, "components": list(_components(message))}


def _components(message: Template) -> list[Json]:
    if message.code:
        # An authentication template has one positional parameter, and a button that copies the same code.
        parameters = [{"type": "text", "text": message.code}]
        button = {"type": "button", "sub_type": "url", "index": "0", "parameters": parameters}
        return [{"type": "body", "parameters": parameters}, button]
    components: list[Json] = []
    if message.parameters:
        named = [{"type": "text", "parameter_name": name, "text": value} for name, value in message.parameters.items()]
        components.append({"type": "body", "parameters": named})
    for index, payload in enumerate(message.payloads):
        parameters = [{"type": "payload", "payload": payload}]
        components.append({"type": "button", "sub_type": "quick_reply", "index": str(index), "parameters": parameters})
    return components
