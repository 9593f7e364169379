from typing import Any

class YfData:
    cache_get: Any
    get: Any
    def __init__(self, session: Any = None) -> None: ...
