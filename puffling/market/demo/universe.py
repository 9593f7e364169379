"""What is listed on the demo market, and how each listing leans on the common factors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date

from puffling.frozen import frozen
from puffling.market.calendar import ALWAYS, EXCHANGE
from puffling.market.values import AssetClass, Instrument

EPOCH_DAY = date(2000, 1, 3)
# The day on which every listing costs what its entry says; history is told backwards and forwards from it.
ANCHOR_DAY = date(2026, 1, 2)
# History is told at least to here.
FIRST_HORIZON = date(2036, 1, 1)

QUARTERS = (3, 6, 9, 12)
MONTHS = tuple(range(1, 13))


@frozen
class Listing:
    """One instrument with the character of its prices; drift and yield are per year, volatility per day."""

    symbol: str
    name: str
    asset_class: AssetClass
    exchange: str
    anchor_price: float
    drift: float
    own_volatility: float
    leanings: Mapping[str, float]
    daily_volume: int
    dividend_yield: float = 0.0
    dividend_months: tuple[int, ...] = QUARTERS
    splits: tuple[tuple[date, int], ...] = ()
    price_decimals: int = 2
    # Volumes are whole multiples of 1 / volume_parts, a power of two, so that sums of them are exact.
    volume_parts: int = 1
    calendar: str = field(default=EXCHANGE)

    @property
    def instrument(self) -> Instrument:
        """The listing as everybody else sees it."""
        return Instrument(
            symbol=self.symbol,
            name=self.name,
            asset_class=self.asset_class,
            exchange=self.exchange,
            price_decimals=self.price_decimals,
            calendar=self.calendar,
        )


def _share(
    symbol: str,
    name: str,
    exchange: str,
    price: float,
    drift: float,
    own: float,
    volume: int,
    *,
    pays: float = 0.0,
    month: int = 2,
    splits: tuple[tuple[date, int], ...] = (),
    **leanings: float,
) -> Listing:
    months = tuple(sorted((month + 3 * quarter - 1) % 12 + 1 for quarter in range(4)))
    return Listing(
        symbol, name, AssetClass.EQUITY, exchange, price, drift, own, leanings, volume, pays, months, splits
    )


def _fund(
    symbol: str,
    name: str,
    price: float,
    drift: float,
    own: float,
    volume: int,
    *,
    pays: float = 0.0,
    months: tuple[int, ...] = QUARTERS,
    **leanings: float,
) -> Listing:
    exchange = "NASDAQ" if symbol in {"QQQ", "TLT"} else "ARCA"
    return Listing(symbol, name, AssetClass.ETF, exchange, price, drift, own, leanings, volume, pays, months)


def _coin(
    symbol: str,
    name: str,
    price: float,
    drift: float,
    own: float,
    volume: int,
    decimals: int = 2,
    **leanings: float,
) -> Listing:
    return Listing(
        symbol,
        name,
        AssetClass.CRYPTO,
        "CRYPTO",
        price,
        drift,
        own,
        leanings,
        volume,
        price_decimals=decimals,
        volume_parts=1024,
        calendar=ALWAYS,
    )


LISTINGS: tuple[Listing, ...] = (
    _fund("SPY", "SPDR S&P 500 ETF Trust", 682.0, 0.072, 0.0004, 78_000_000, pays=0.013, market=1.0),
    _fund("QQQ", "Invesco QQQ Trust", 612.0, 0.085, 0.0012, 46_000_000, pays=0.006, market=1.08, tech=0.55),
    _fund(
        "IWM",
        "iShares Russell 2000 ETF",
        246.0,
        0.062,
        0.0010,
        32_000_000,
        pays=0.012,
        market=1.10,
        small=0.8,
    ),
    _fund(
        "EFA",
        "iShares MSCI EAFE ETF",
        96.0,
        0.030,
        0.0010,
        16_000_000,
        pays=0.026,
        months=(6, 12),
        market=0.88,
        abroad=0.8,
    ),
    _fund(
        "EEM",
        "iShares MSCI Emerging Markets ETF",
        55.0,
        0.040,
        0.0030,
        30_000_000,
        pays=0.022,
        months=(6, 12),
        market=0.95,
        abroad=1.1,
    ),
    _fund(
        "AGG",
        "iShares Core US Aggregate Bond ETF",
        99.5,
        0.001,
        0.0006,
        9_000_000,
        pays=0.037,
        months=MONTHS,
        market=-0.05,
        rates=0.55,
    ),
    _fund(
        "TLT",
        "iShares 20+ Year Treasury Bond ETF",
        88.0,
        0.002,
        0.0018,
        36_000_000,
        pays=0.042,
        months=MONTHS,
        market=-0.18,
        rates=1.7,
    ),
    _fund("GLD", "SPDR Gold Shares", 398.0, 0.076, 0.0010, 11_000_000, market=-0.02, gold=1.0, rates=0.3),
    _fund(
        "VNQ", "Vanguard Real Estate ETF", 89.0, 0.025, 0.0050, 4_200_000, pays=0.039, market=0.92, rates=0.5
    ),
    _share(
        "AAPL",
        "Apple Inc.",
        "NASDAQ",
        272.0,
        0.150,
        0.0105,
        52_000_000,
        pays=0.004,
        splits=((date(2005, 2, 28), 2), (date(2014, 6, 9), 7), (date(2020, 8, 31), 4)),
        market=1.08,
        tech=0.8,
    ),
    _share(
        "MSFT",
        "Microsoft Corporation",
        "NASDAQ",
        484.0,
        0.105,
        0.0085,
        22_000_000,
        pays=0.007,
        market=1.0,
        tech=0.85,
    ),
    _share(
        "NVDA",
        "NVIDIA Corporation",
        "NASDAQ",
        186.0,
        0.190,
        0.0180,
        190_000_000,
        pays=0.0004,
        month=3,
        splits=((date(2021, 7, 20), 4), (date(2024, 6, 10), 10)),
        market=1.3,
        tech=1.4,
    ),
    _share(
        "AMZN",
        "Amazon.com, Inc.",
        "NASDAQ",
        231.0,
        0.140,
        0.0130,
        41_000_000,
        splits=((date(2022, 6, 6), 20),),
        market=1.1,
        tech=0.8,
        consumer=0.3,
    ),
    _share(
        "GOOGL",
        "Alphabet Inc.",
        "NASDAQ",
        313.0,
        0.120,
        0.0100,
        33_000_000,
        pays=0.003,
        month=3,
        market=1.05,
        tech=0.75,
    ),
    _share(
        "META",
        "Meta Platforms, Inc.",
        "NASDAQ",
        660.0,
        0.130,
        0.0140,
        15_000_000,
        pays=0.003,
        month=3,
        market=1.15,
        tech=0.9,
    ),
    _share(
        "TSLA",
        "Tesla, Inc.",
        "NASDAQ",
        449.0,
        0.160,
        0.0260,
        88_000_000,
        splits=((date(2022, 8, 25), 3),),
        market=1.35,
        tech=0.9,
    ),
    _share(
        "JPM",
        "JPMorgan Chase & Co.",
        "NYSE",
        322.0,
        0.072,
        0.0075,
        9_500_000,
        pays=0.018,
        month=1,
        market=1.05,
        finance=1.0,
    ),
    _share(
        "BAC",
        "Bank of America Corporation",
        "NYSE",
        55.0,
        0.028,
        0.0085,
        36_000_000,
        pays=0.020,
        month=3,
        market=1.08,
        finance=1.2,
    ),
    _share(
        "V",
        "Visa Inc.",
        "NYSE",
        350.0,
        0.110,
        0.0070,
        6_400_000,
        pays=0.007,
        month=2,
        market=0.95,
        finance=0.5,
    ),
    _share(
        "XOM",
        "Exxon Mobil Corporation",
        "NYSE",
        121.0,
        0.045,
        0.0070,
        15_500_000,
        pays=0.033,
        market=0.75,
        energy=1.0,
    ),
    _share(
        "CVX",
        "Chevron Corporation",
        "NYSE",
        153.0,
        0.050,
        0.0070,
        8_300_000,
        pays=0.043,
        market=0.75,
        energy=1.0,
    ),
    _share(
        "JNJ",
        "Johnson & Johnson",
        "NYSE",
        207.0,
        0.055,
        0.0060,
        8_000_000,
        pays=0.025,
        market=0.55,
        health=0.8,
    ),
    _share(
        "UNH",
        "UnitedHealth Group Incorporated",
        "NYSE",
        332.0,
        0.110,
        0.0105,
        8_800_000,
        pays=0.024,
        month=3,
        market=0.75,
        health=0.9,
    ),
    _share(
        "PG",
        "The Procter & Gamble Company",
        "NYSE",
        143.0,
        0.050,
        0.0060,
        8_700_000,
        pays=0.029,
        month=1,
        market=0.5,
        consumer=0.7,
    ),
    _share(
        "KO",
        "The Coca-Cola Company",
        "NYSE",
        70.0,
        0.035,
        0.0060,
        15_000_000,
        pays=0.029,
        month=3,
        market=0.5,
        consumer=0.7,
    ),
    _share(
        "WMT",
        "Walmart Inc.",
        "NYSE",
        112.0,
        0.070,
        0.0075,
        20_000_000,
        pays=0.008,
        month=3,
        splits=((date(2024, 2, 26), 3),),
        market=0.55,
        consumer=0.8,
    ),
    _share(
        "DIS",
        "The Walt Disney Company",
        "NYSE",
        113.0,
        0.045,
        0.0095,
        8_900_000,
        pays=0.010,
        month=1,
        market=1.05,
        consumer=0.4,
    ),
    _share(
        "CAT",
        "Caterpillar Inc.",
        "NYSE",
        580.0,
        0.120,
        0.0100,
        3_100_000,
        pays=0.010,
        month=1,
        market=1.1,
        energy=0.3,
    ),
    _coin("BTC/USD", "Bitcoin", 89_000.0, 0.225, 0.0110, 21_000, crypto=1.0, market=0.35),
    _coin("ETH/USD", "Ethereum", 3_020.0, 0.170, 0.0170, 310_000, crypto=1.15, market=0.40),
    _coin("SOL/USD", "Solana", 128.0, 0.120, 0.0260, 3_900_000, crypto=1.25, market=0.45),
    _coin("XRP/USD", "XRP", 1.92, 0.080, 0.0240, 95_000_000, decimals=4, crypto=1.0, market=0.30),
)
