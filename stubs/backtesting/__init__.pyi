from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

class Order:
    def cancel(self) -> None: ...

class Trade:
    sl: float | None

class Position:
    is_long: bool
    is_short: bool
    def __bool__(self) -> bool: ...
    def close(self, portion: float = ...) -> None: ...

class Strategy:
    data: Any
    position: Position
    orders: Sequence[Order]
    trades: Sequence[Trade]
    def I(self, func: Callable[..., Any]) -> Any: ...
    def init(self) -> None: ...
    def next(self) -> None: ...
    def buy(
        self,
        *,
        size: float = ...,
        limit: float | None = ...,
        stop: float | None = ...,
        sl: float | None = ...,
        tp: float | None = ...,
    ) -> Order: ...
    def sell(
        self,
        *,
        size: float = ...,
        limit: float | None = ...,
        stop: float | None = ...,
        sl: float | None = ...,
        tp: float | None = ...,
    ) -> Order: ...

class Backtest:
    def __init__(
        self,
        data: pd.DataFrame,
        strategy: type[Strategy],
        *,
        cash: float = ...,
        commission: float | tuple[float, float] = ...,
    ) -> None: ...
    def run(self, **parameters: object) -> Any: ...
