"""All that a `briefbot` command may import, for the process from which tests fork them."""

import importlib
import pkgutil

import bot

for module in pkgutil.walk_packages(bot.__path__, "bot."):
    if "__main__" not in module.name and "migrations" not in module.name:
        importlib.import_module(module.name)
