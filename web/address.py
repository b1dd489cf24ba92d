"""Where a request comes from: the connection's address, or what a proxy of ours says about it."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohttp import web

Networks = Sequence[IPv4Network | IPv6Network]


def client_address(request: web.Request, proxies: Networks) -> str:
    """Return the address to count by: the last one that no proxy of ours wrote.

    `X-Forwarded-For` is read from its end, and only as long as the hop before is a configured proxy:
    everything further left was written by the caller.
    """
    hops = [part.strip() for header in request.headers.getall("X-Forwarded-For", []) for part in header.split(",")]
    address = request.remote or ""
    while hops and _among(address, proxies):
        hop = hops.pop()
        if not _readable(hop):
            break
        address = hop
    return _network(address)


def _among(address: str, networks: Networks) -> bool:
    return _readable(address) and any(ip_address(address) in network for network in networks)


def _readable(address: str) -> bool:
    try:
        ip_address(address)
    except ValueError:
        return False
    return True


def _network(address: str) -> str:
    """Count an IPv6 caller by the /64 that is theirs alone: they can pick any address in it."""
    if not _readable(address):
        return address
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped else ":".join(parsed.exploded.split(":")[:4])
    return address
