"""How long a text is, in each unit that Slack may count in. Pure."""


def units(text: str) -> int:
    """The length of `text` in UTF-16 units, the longest count that Slack may use of characters."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def octets(text: str) -> int:
    """The length of `text` in bytes of UTF-8, the longest count of all."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
