"""How it comes and goes: connections, and what every answer has."""
