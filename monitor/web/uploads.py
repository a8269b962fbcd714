"""Forms with a file, read into memory and never written to a disk, with an end for their size.

`aiohttp` itself would keep larger files in temporary ones; what people upload here is their mail.
"""

from collections.abc import Mapping

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http import HttpProcessingError

MULTIPART = "multipart/form-data"
MAX_UPLOAD_BYTES = 1024 * 1024 + 64 * 1024  # of a whole form: a file that is read, and the fields beside it
MAX_PARTS = 10
CHUNK_BYTES = 64 * 1024
TOO_LONG = "The file is longer than 1 MiB. Send its headers alone, or the text of the bounce."
UNREADABLE = "The form cannot be read. Send it again."

PARTS = web.RequestKey("parts", Mapping[str, bytes])
"""The parts of a form that was read already."""


async def parts_of(request: web.Request) -> Mapping[str, bytes]:
    """Return the parts of a multipart form by name, the first of each. Raises HTTPRequestEntityTooLarge,
    HTTPBadRequest."""
    if PARTS not in request:
        try:
            request[PARTS] = await _read(request)
        except (HttpProcessingError, ValueError, LookupError, AssertionError, RuntimeError):  # of aiohttp's reader
            raise web.HTTPBadRequest(text=UNREADABLE) from None
    return request[PARTS]


async def _read(request: web.Request) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    size, reader = 0, MultipartReader(request.headers, request.content)
    for _ in range(MAX_PARTS):
        part = await reader.next()
        if part is None:
            break
        if not isinstance(part, BodyPartReader):
            raise ValueError("a form within a form")
        content = bytearray()
        while chunk := await part.read_chunk(CHUNK_BYTES):
            size += len(chunk)
            if size > MAX_UPLOAD_BYTES:
                raise web.HTTPRequestEntityTooLarge(MAX_UPLOAD_BYTES, size, text=TOO_LONG)
            content += chunk
        found.setdefault(part.name or "", bytes(content))
    return found
