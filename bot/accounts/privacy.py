"""What a person may take away and have erased (LGPD, art. 18), on demand; one door for the pages and the command."""

from .privacy_erase import GONE, erase_client, erase_contact, erase_user
from .privacy_export import Export, export_client, export_contact, export_user
from .privacy_phone import People, erase_people, export_people, people_of

__all__ = [
    "GONE",
    "Export",
    "People",
    "erase_client",
    "erase_contact",
    "erase_people",
    "erase_user",
    "export_client",
    "export_contact",
    "export_people",
    "export_user",
    "people_of",
]
