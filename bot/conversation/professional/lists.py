"""What a professional looks at besides the day: who waits, and their plan."""

from ..brain import Answer
from ..dialogue.offer import refused
from ..dialogue.talk import Talk

# Nobody reads a longer list on a phone.
MOST = 12


async def waitlist(talk: Talk) -> Answer:
    """Tell who is on the waitlist, first come first."""
    data, _ = await talk.call("get_waitlist")
    lines = [_line(each) for each in (data.get("waiting") or [])[:MOST]]
    return talk.say("waitlist", lines="\n".join(lines)) if lines else talk.say("waitlist_empty")


async def plan(talk: Talk) -> Answer:
    """Tell which plan the professional has."""
    data, _ = await talk.call("get_plan")
    if not data["ok"]:
        return refused(talk, data)
    lines = "\n".join(
        [*(f"✅ {each}" for each in data["includes"]), *(f"➖ {each}" for each in data["does_not_include"])]
    )
    return talk.say("plan", plan=data["plan"], price=data["price"], lines=lines)


def _line(each: dict[str, str]) -> str:
    offered = f", vaga de {each['offered']} oferecida" if each["offered"] else ""
    return f"• *{each['client']}*: {each['service']}, {each['when']} (desde {each['since']}{offered})"
