"""The service over HTTP: the door to FastAPI and uvicorn."""

from streamer.web.api.door import PREFIX as API
from streamer.web.api.door import ApiDoor
from streamer.web.app import make_app
from streamer.web.server import serve

__all__ = ["API", "ApiDoor", "make_app", "serve"]
