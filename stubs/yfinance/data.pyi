from typing import Any

class YfData:
    cache_get: Any
