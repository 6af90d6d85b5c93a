"""Types that sections share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from recognizers.kinds import KINDS, TRAINED

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
PositiveSeconds = Annotated[float, Field(gt=0, le=86_400)]
if TYPE_CHECKING:
    Kind = str
    TrainedKind = str
else:
    Kind = Literal[tuple(KINDS)]
    TrainedKind = Literal[TRAINED]
Text = Annotated[str, Field(min_length=1)]
MessageClass = Literal["action", "step", "gap"]
"""Of a message, as `streamer.wire` gives it; a unit's start and end have the class of its steps."""
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""Part of topics and metric labels: small letters, digits and hyphens."""


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def check_address(url: str, *schemes: str, path: bool = True) -> None:
    """Raises ValueError where it is no address of these schemes. Its text is never quoted: it may hold a password."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0 and " " not in url
        fits = fits and (path or not (parts.path.strip("/") or parts.query or parts.fragment))
    except ValueError:
        fits = False
    if not fits:
        more = "[:port]/path" if path else "[:port]"
        raise ValueError(f"must be {' or '.join(f'{scheme}://host{more}' for scheme in schemes)}")


def _some_or_auto(value: Any) -> Any:
    """In words of its own: of two types that it could be, each would have its say."""
    if value != "auto" and (type(value) is not int or not 1 <= value <= 64):
        raise ValueError("must be a whole number from 1 to 64, or auto")
    return value


Workers = Annotated[Annotated[int, Field(ge=1, le=64)] | Literal["auto"], BeforeValidator(_some_or_auto)]
"""How many processes share the streams."""
