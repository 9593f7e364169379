from typing import Any

import pandas as pd
from yfinance import exceptions as exceptions

config: Any

def set_tz_cache_location(cache_dir: str) -> None: ...

class Ticker:
    history_metadata: dict[str, Any]
    def __init__(self, ticker: str, session: Any = None) -> None: ...
    def history(self, **kwargs: Any) -> pd.DataFrame: ...

class Search:
    quotes: list[dict[str, Any]]
    def __init__(self, query: str, **kwargs: Any) -> None: ...
