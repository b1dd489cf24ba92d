"""The files that pages load: stylesheets, scripts, pictures of our own, under `/static/`."""

import re
from functools import cache
from hashlib import sha256
from pathlib import Path

from aiohttp import web

FOLDER = Path(__file__).parent.parent / "static"
# Only what is listed is served, with the type said here: the machine's own table may differ.
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*", re.ASCII)


def add_assets(app: web.Application) -> None:
    """Serve the folder; a second call changes nothing."""
    if "assets" not in app.router.named_resources():
        app.router.add_get("/static/{name}", _asset, name="assets")


@cache
def asset(name: str) -> str:
    """Return the address of a file, with its content's hash: it may be cached for ever."""
    return f"/static/{name}?v={_kept(name)[1]}"


@cache
def _kept(name: str) -> tuple[bytes, str]:
    """Return a file and its hash: all of them together are a hundred kilobytes, read once."""
    content = (FOLDER / name).read_bytes()
    return content, sha256(content).hexdigest()[:12]


async def _asset(request: web.Request) -> web.StreamResponse:
    name = request.match_info["name"]
    path = FOLDER / name
    if path.suffix not in TYPES or not _NAME.fullmatch(name) or not path.is_file():
        raise web.HTTPNotFound
    content, tag = _kept(name)
    lasting = "public, max-age=31536000, immutable"
    headers = {
        "Content-Type": TYPES[path.suffix],
        # Without the hash the browser asks each time, and mostly hears 304.
        "Cache-Control": lasting if "v" in request.query else "no-cache",
        "X-Content-Type-Options": "nosniff",
        "ETag": f'"{tag}"',
    }
    if any(known.value in (tag, "*") for known in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    return web.Response(body=content, headers=headers)
