"""How often somebody may do something. Pure: whoever asks says when it is."""

from __future__ import annotations

from collections import OrderedDict, deque

MINUTE_S = 60.0
MOST_NAMES = 1024
"""That are remembered at a time; of more, the longest unheard of begins anew."""


class Minute:
    """Lets so many through in any minute."""

    def __init__(self, most: int) -> None:
        self._seen: deque[float] = deque(maxlen=most)

    def lets(self, now_s: float) -> bool:
        if len(self._seen) == self._seen.maxlen and now_s - self._seen[0] < MINUTE_S:
            return False
        self._seen.append(now_s)
        return True


class Minutes:
    """Lets so many of each name through in any minute."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._names: OrderedDict[str, Minute] = OrderedDict()

    def lets(self, name: str, now_s: float) -> bool:
        minute = self._names.pop(name, None) or Minute(self._most)
        self._names[name] = minute
        while len(self._names) > MOST_NAMES:
            self._names.popitem(last=False)
        return minute.lets(now_s)
