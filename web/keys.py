"""What handlers take from the application: typed keys, filled once where the application is put together."""

from aiohttp import web

from bot.db import Database
from bot.settings import Settings
from bot.whatsapp.intake import Intake

DATABASE = web.AppKey("database", Database)
SETTINGS = web.AppKey("settings", Settings)
INTAKE = web.AppKey("intake", Intake)
