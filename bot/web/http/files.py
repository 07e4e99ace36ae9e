"""Files that a browser gets as they are. They are read once, and none is looked up by what a client asks."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from aiohttp import web

KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Files:
    """The files of a page, by the paths at which they are asked for."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = {path: (file.read_bytes(), KINDS[file.suffix]) for path, file in files.items()}

    def __contains__(self, path: str) -> bool:
        return path in self._files

    def routes(self) -> Iterator[web.RouteDef]:
        """What is asked where."""
        for path in self._files:
            yield web.get(path, self._send)

    async def _send(self, request: web.Request) -> web.Response:
        content, kind = self._files[request.path]
        headers = {"Cache-Control": "no-cache"}  # they change with the program
        return web.Response(body=content, content_type=kind, charset="utf-8", headers=headers)
