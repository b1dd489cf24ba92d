"""The commands of `odys`, one file each; the place where bot, tools, web and worker are put together.

`bot` may not import the other three, so a command asks for them by name, when it runs.
"""
