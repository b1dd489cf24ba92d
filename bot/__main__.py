"""The `odys` command: what can be asked for; each command's code is loaded when it is asked for."""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from .errors import Stop

Options = argparse.Namespace


def _add_demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=8080, help="port of the page (default: 8080)")
    parser.add_argument("--db", metavar="FILE", help="keep the demo's SQLite file here (default: thrown away)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")


def _add_templates(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(dry_run=False)
    whats = parser.add_subparsers(dest="what", required=True, metavar="list|render|push|status")
    for what, text in (
        ("list", "the 19, with category, audience and buttons"),
        ("render", "what people read, and what Meta gets"),
        ("push", "create at Meta what is missing and update what differs"),
        ("status", "what Meta approved, rejected or changed"),
    ):
        one = whats.add_parser(what, help=text, description=text)
        one.add_argument("name", nargs="?", help="one template; all of them when left out")
        if what == "push":
            one.add_argument("--dry-run", action="store_true", help="only print what would be sent to Meta")


def _add_deadletters(parser: argparse.ArgumentParser) -> None:
    whats = parser.add_subparsers(dest="what", required=True, metavar="list|retry")
    show = whats.add_parser("list", help="the newest, with the reason of each")
    show.add_argument("--text", action="store_true", help="show what was written in them, too")
    again = whats.add_parser("retry", help="hand them to the worker again")
    again.add_argument("id", nargs="?", help="one, whatever its reason; without it, all that may work now")


def _add_chat(parser: argparse.ArgumentParser) -> None:
    sides = ("client", "professional")
    parser.add_argument("--side", choices=sides, default="client", help="who types (default: client)")
    parser.add_argument("--db", metavar="FILE", help="keep the SQLite file here (default: thrown away)")


def _add_usage(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--month", default="", metavar="YYYY-MM", help="of which month (default: this one)")


def _add_eval(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--brain", choices=("rules", "model"), help="only one of the two (default: both, or the model)")
    parser.add_argument("--model", default="", help="model to ask, with GROQ_API_KEY (default: GROQ_MODEL)")
    parser.add_argument("--base-url", default="", help="address of a service like Groq's (default: GROQ_BASE_URL)")
    parser.add_argument("--scripted", action="store_true", help="never ask a real model, whatever key is set")
    parser.add_argument("--trials", type=int, default=1, metavar="N", help="times each scenario is played (default: 1)")
    parser.add_argument("--k", type=int, default=0, metavar="K", help="print pass^1 to pass^K (default: K = N)")
    parser.add_argument("--scenarios", metavar="PATH", help="folder or file (default: tests/conversations)")
    parser.add_argument("--only", default="", metavar="TEXT", help="only scenarios with this in theme or name")
    parser.add_argument("--jsonl", metavar="FILE", help="write each conversation as a line of JSON")
    parser.add_argument("--at-once", type=int, default=2, metavar="N", help="scenarios at the same time (default: 2)")
    parser.add_argument(
        "--at-least", type=float, default=1.0, metavar="SHARE", help="pass^1 that counts as success (default: 1)"
    )


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("phone", metavar="PHONE", help="as people write it; Brazilian unless it begins with +")
    parser.add_argument("--out", metavar="FILE", help="write here, for nobody else to read (default: the terminal)")


def _add_erase(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("phone", metavar="PHONE", help="as people write it; Brazilian unless it begins with +")
    parser.add_argument("--yes", action="store_true", help="do not ask first")


def _add_nothing(_parser: argparse.ArgumentParser) -> None:
    return


COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "demo": ("everything in one process, with a simulator: no configuration, no key", _add_demo),
    "web": ("serve the webhook and the API", _add_nothing),
    "worker": ("answer, send and remind (the same as `arq worker.WorkerSettings`)", _add_nothing),
    "migrate": ("bring the database to the newest schema", _add_nothing),
    "doctor": ("check every setting and outside service, and say what to do", _add_nothing),
    "templates": ("list, render or send the WhatsApp templates to Meta", _add_templates),
    "chat": ("the demo's conversation in a terminal", _add_chat),
    "usage": ("what language models did in a month, for whom, and what it cost", _add_usage),
    "eval": ("play the conversation scenarios, scripted or with a real model", _add_eval),
    "export": ("write everything that is kept about a person as JSON (LGPD)", _add_export),
    "erase": ("erase a person everywhere; figures stay, without a name (LGPD)", _add_erase),
    "deadletters": ("show what could not be handled, or try it again", _add_deadletters),
}

# A command whose name would hide a built-in one.
MODULES = {"eval": "evaluate"}


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = argparse.ArgumentParser(prog="odys", description="An appointment book that lives in WhatsApp.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (text, add) in COMMANDS.items():
        add(commands.add_parser(name, help=text, description=text))
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    options = parser().parse_args(arguments)
    try:
        module = MODULES.get(options.command, options.command)
        status: int = import_module(f"bot.commands.{module}").run(options)
    except KeyboardInterrupt:
        return 130
    except Stop as stop:
        print(stop, file=sys.stderr)
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
