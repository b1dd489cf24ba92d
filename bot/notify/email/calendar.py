"""Appointments as iCalendar (RFC 5545, and iTIP of RFC 5546 for what is sent): one UID for life, a rising SEQUENCE."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from icalendar import Calendar, Event, vCalAddress, vText

PRODUCT: Final = "-//Odys//Agenda//PT-BR"


@dataclass(frozen=True, slots=True)
class Entry:
    """One appointment as a calendar shows it."""

    id: UUID
    sequence: int
    start_at: datetime
    end_at: datetime
    summary: str
    location: str = ""
    description: str = ""
    cancelled: bool = False
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Person:
    """An end of an invitation."""

    name: str
    email: str


def invitation(entry: Entry, organizer: Person, attendee: Person, *, now: datetime) -> bytes:
    """Return an invitation, the update of one, or its withdrawal: the calendar knows by UID and SEQUENCE."""
    calendar = _calendar("CANCEL" if entry.cancelled else "REQUEST")
    event = _event(entry, now)
    event["organizer"] = _address(organizer)
    guest = _address(attendee)
    guest.params["ROLE"] = vText("REQ-PARTICIPANT")
    # Nothing is asked of the calendar: an answer belongs to WhatsApp, where somebody reads it.
    guest.params["PARTSTAT"] = vText("ACCEPTED")
    guest.params["RSVP"] = vText("FALSE")
    event.add("attendee", guest, encode=False)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def feed(name: str, entries: Iterable[Entry], *, now: datetime) -> bytes:
    """Return a whole agenda for calendars that fetch it again and again."""
    calendar = _calendar("PUBLISH")
    calendar.add("x-wr-calname", name)
    # How often a calendar may come: twice an hour is fresh enough and costs one query.
    calendar.add("refresh-interval", timedelta(minutes=30), parameters={"VALUE": "DURATION"})
    for entry in entries:
        calendar.add_component(_event(entry, now))
    return bytes(calendar.to_ical())


def uid(appointment_id: UUID) -> str:
    """Return what names an appointment in every calendar, for ever."""
    return f"{appointment_id}@odys"


def _calendar(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    return calendar


def _event(entry: Entry, now: datetime) -> Event:
    event = Event()
    event.add("uid", uid(entry.id))
    event.add("sequence", entry.sequence)
    event.add("dtstamp", now)
    event.add("dtstart", entry.start_at)
    event.add("dtend", entry.end_at)
    event.add("summary", entry.summary)
    if entry.location:
        event.add("location", entry.location)
    if entry.description:
        event.add("description", entry.description)
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED" if entry.confirmed else "TENTATIVE")
    event.add("transp", "TRANSPARENT" if entry.cancelled else "OPAQUE")
    return event


def _address(person: Person) -> vCalAddress:
    address = vCalAddress(f"MAILTO:{person.email}")
    address.params["CN"] = vText(person.name)
    return address
