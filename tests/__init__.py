"""The tests mirror `bot/`, a module for every module."""
