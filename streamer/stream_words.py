"""What is wrong with a stream, and what to do, in the words of whoever stands in front of the camera. Pure."""

from __future__ import annotations

from streamer.sources.probe import REMEDIES

_REASONS = {
    "auth": "the camera refuses user name or password",
    "denied": "this user may not see the stream",
    "not_found": "there is no such stream at that address",
    "refused": "nothing answers at that address",
    "dns": "there is no host of that name",
    "timeout": "the camera does not answer",
    "stall": "the camera is connected and sends no pictures",
    "eof": "the camera ended the stream",
    "tls": "its certificate cannot be verified",
    "too_large": "its pictures are larger than allowed",
    "codec": "its pictures are coded in a way that is not known here",
    "no_video": "it sends no video",
    "not_video": "that is no video",
    "decode": "it sends, but nothing of it can be decoded",
    "protocol": "it does not speak as it should",
    "ts_jump": "its clock jumps",
    "changed": "its pictures have another size now",
}
_STATES = {
    "connecting": "connecting",
    "live": "live",
    "stopped": "stopped; start it to watch it again",
    "ended": "the recording has come to its end",
}
_STALLS = {
    "no_frames": "connected, but no picture comes: check the camera and the network",
    "no_decisions": "pictures come, but nothing is decided: there is too little time, or the recognizer fails; the log "
    "says more",
}
_BLIND = {
    "frozen": "the same picture comes again and again: restart the camera",
    "dark": "it is dark: switch on a light, or take away what covers the lens",
    "blocked": "something stands before the lens, or it is out of focus",
}
_AGAIN = {"backoff": "; it is tried again", "rejected": "; it is tried again, rarely", "ended": ""}


def words(state: str, reason: str, blind: str) -> str:
    """One sentence of a stream's state, its reason (one word) and why its pictures show nothing."""
    if state == "live" and blind in _BLIND:
        return f"live, but {_BLIND[blind]}"
    if state == "stalled":
        return _STALLS.get(reason, f"stalled: {reason}")
    if state in _AGAIN and reason:
        what, remedy = _REASONS.get(reason, reason), REMEDIES.get(reason)
        return f"{what}{'' if remedy is None else f': {remedy}'}{_AGAIN[state]}"
    return _STATES.get(state, state)
