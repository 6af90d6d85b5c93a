"""The service over HTTP: the door to FastAPI and uvicorn."""

from streamer.web.app import make_app
from streamer.web.server import serve

__all__ = ["make_app", "serve"]
