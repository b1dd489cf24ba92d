"""Tell the owner of an instance that it needs their phone: by e-mail and notification, not by WhatsApp."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Notification, Professional, User
from ..models.enums import Channel
from ..notify import outbox
from ..settings import Settings
from ..whatsapp.evolution.pairing import LIFE
from .alerts import PRIORITY

TITLE = "Seu WhatsApp se desconectou"


async def tell(session: AsyncSession, settings: Settings, instance: str, address: str, *, now: datetime) -> str:
    """Owe the owner an e-mail with `address` and leave a notification; return who was told, for the operator."""
    mine = (Professional.channel == Channel.EVOLUTION, Professional.account == instance)
    owner = (
        await session.scalars(select(User).join(Professional, Professional.user_id == User.id).where(*mine))
    ).one_or_none()
    words = _words(instance, address)
    if owner is not None:
        session.add(
            Notification(user_id=owner.id, kind="whatsapp_disconnected", title=TITLE, body=words, created_at=now)
        )
    to = (owner.email if owner else None) or settings.alert_email
    if not to:
        return owner.name if owner else "–"
    ends = now + LIFE  # the link is worth nothing afterwards
    session.add(outbox.alert(to, f"[Odys] {TITLE}: {instance}", words, priority=PRIORITY, now=now, expires_at=ends))
    return owner.name if owner else to


def _words(instance: str, address: str) -> str:
    return (
        f"O número ligado à instância “{instance}” se desconectou do WhatsApp, e reiniciar não resolveu. "
        "Enquanto isso nada chega e nada sai; o que já estava na fila espera.\n\n"
        "Para reconectar:\n"
        "1. Abra este link em um computador ou em outro celular:\n"
        f"{address}\n"
        "2. No celular do número: WhatsApp > Dispositivos conectados > Conectar dispositivo.\n"
        "3. Aponte a câmera para o QR que aparece na página.\n\n"
        "O link vale por 24 horas. Não o encaminhe: quem lê esse QR conecta o próprio WhatsApp ao seu assistente."
    )
