"""Every setting there is: one model for each section, with title, description, default and bounds.

A setting that is read only while Puffling starts says so with `json_schema_extra=AT_START`, one that
decides which computers come in or are worked on with `BY_THE_PERSON`: no program may change it. A limit of
trading says so with `LIMIT`: everybody may make it tighter, and only the person who is present looser.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from puffling.runtime.text import tr

AT_START: dict[str, JsonValue] = {"restart": True}
BY_THE_PERSON: dict[str, JsonValue] = {"person_only": True}
LIMIT: dict[str, JsonValue] = {"limit": True}


class Section(BaseModel):
    """A group of settings that belong together."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class Appearance(Section):
    """How the window looks and moves."""

    theme: Literal["system", "dark", "light"] = Field(
        "system", title="Theme", description="Dark, light, or whatever the system uses."
    )
    density: Literal["compact", "regular", "roomy"] = Field(
        "regular", title="Row height", description="How much room a row of a table takes."
    )
    colour_blind: bool = Field(
        False,
        title="Colour-blind pair",
        description="Show gains and losses in blue and orange instead of green and red.",
    )
    reduced_motion: bool = Field(
        False, title="Reduced motion", description="No flashing of changed values and no sliding."
    )


class Market(Section):
    """Where prices come from."""

    feeds: tuple[Literal["demo", "samples", "files", "yahoo", "alpaca"], ...] = Field(
        ("demo", "samples", "files"),
        title="Feeds, in order",
        description="The first feed that has a symbol answers for it; where it fails, the next one does. "
        "Demo and sample prices never stand in for real ones.",
        min_length=1,
        max_length=8,
        json_schema_extra=BY_THE_PERSON,
    )
    alpaca_data: Literal["one exchange", "delayed", "complete"] = Field(
        "one exchange",
        title="Alpaca data",
        description="Trades of IEX alone (free), of all exchanges 15 minutes late, or at once (paid plan).",
        json_schema_extra=AT_START,
    )
    alpaca_address: str = Field(
        "",
        title="Alpaca address",
        description="A proxy that stands in for Alpaca and gets your Alpaca keys. Empty means Alpaca itself.",
        max_length=255,
        pattern=r"^$|^https://[^\s]+$|^http://(127\.0\.0\.1|localhost)(:\d+)?/?$",
        json_schema_extra=AT_START | BY_THE_PERSON,
    )
    demo_seed: int = Field(
        7,
        title="Demo market seed",
        description="Another number makes another demo market; the same number always the same one.",
        ge=0,
        le=2**31 - 1,
        json_schema_extra=AT_START,
    )


def _mail_address(text: str) -> str:
    name, at, host = text.partition("@")
    plain = text.isascii() and text.isprintable() and set(f"{name}{host}").isdisjoint(" <>()@,;")
    if text and not (plain and name and at and "." in host.strip(".")):
        raise ValueError(tr("{text} is not an e-mail address, such as you@example.org", text=repr(text[:40])))
    return text


class Fundamentals(Section):
    """Where statements and ratios of companies come from; the demo market brings its own."""

    sources: tuple[Literal["edgar", "yahoo"], ...] = Field(
        ("edgar", "yahoo"),
        title="Sources, in order",
        description="The first source that has a company answers for it. None means: the demo market only.",
        max_length=2,
    )
    sec_contact: Annotated[str, AfterValidator(_mail_address)] = Field(
        "",
        title="E-mail address for the SEC",
        description="The SEC wants to know who asks. Sent with each question to EDGAR and nowhere else.",
        max_length=120,
        json_schema_extra=BY_THE_PERSON,
    )


class Server(Section):
    """Other programs reach Puffling over HTTP."""

    enabled: bool = Field(
        False,
        title="Serve HTTP",
        description="Let programs on this computer use Puffling while its window is open.",
    )
    host: str = Field(
        "127.0.0.1",
        title="Address",
        description="The address to listen on. Other computers stay out unless you allow them.",
        min_length=1,
        max_length=255,
        json_schema_extra=BY_THE_PERSON,
    )
    port: int = Field(8766, title="Port", description="The port to listen on.", ge=1024, le=65535)
    allow_network: bool = Field(
        False,
        title="Allow other computers",
        description="Listen on addresses that other computers can reach. Needs a trusted network.",
        json_schema_extra=BY_THE_PERSON,
    )
    host_names: tuple[Annotated[str, Field(min_length=1, max_length=255)], ...] = Field(
        (),
        title="Host names",
        description="Names under which other computers may call, besides localhost.",
        max_length=16,
        json_schema_extra=BY_THE_PERSON,
    )


class Cluster(Section):
    """Long computations may run on other computers."""

    scheduler: str = Field(
        "",
        title="Dask scheduler",
        description="Address of a Dask scheduler, such as tcp://10.0.0.5:8786. Empty means: this computer.",
        max_length=255,
        pattern=r"^$|^(tcp|tls|ws|wss|inproc)://[^\s]+$",
        json_schema_extra=BY_THE_PERSON,
    )


class Upkeep(Section):
    """What Puffling does by itself to keep the data safe."""

    nightly_backup: bool = Field(
        True,
        title="Nightly backup",
        description="Keep a copy of the database every night while Puffling runs.",
    )
    backup_hour: int = Field(
        3, title="Backup hour", description="The hour in New York at which the copy is made.", ge=0, le=23
    )
    keep_backups: int = Field(14, title="Backups kept", description="Older copies are removed.", ge=2, le=365)


class Assistant(Section):
    """What a language model may cost, whatever it is asked to do."""

    most_a_run: float = Field(
        0.5,
        title="Most a run in dollars",
        description="What one answer or one run of the agent may cost, with all its calls.",
        ge=0.0,
        le=1_000.0,
        json_schema_extra=BY_THE_PERSON,
    )
    most_a_day: float = Field(
        2.0,
        title="Most a day in dollars",
        description="What all calls of a day of New York may cost.",
        ge=0.0,
        le=10_000.0,
        json_schema_extra=BY_THE_PERSON,
    )
    most_a_month: float = Field(
        20.0,
        title="Most a month in dollars",
        description="What all calls of a month may cost.",
        ge=0.0,
        le=100_000.0,
        json_schema_extra=BY_THE_PERSON,
    )


class Window(Section):
    """How the window behaves."""

    welcomed: bool = Field(
        False,
        title="Welcome seen",
        description="The first-run page has been read; switch off to see it again.",
    )
    hide_amounts: bool = Field(
        False,
        title="Hide amounts",
        description="Show dots instead of amounts of money and quantities; prices stay.",
    )
    desktop_messages: bool = Field(
        True,
        title="Desktop notifications",
        description="Tell fills, rejections and questions on the desktop while another program is in front.",
    )
    lock_minutes: int = Field(
        0,
        title="Lock after minutes",
        description="Lock the window when nobody has touched it for this long; 0 never does.",
        ge=0,
        le=720,
    )


_capital = BeforeValidator(lambda given: given.upper() if isinstance(given, str) else given)
Symbol = Annotated[str, _capital, Field(min_length=1, max_length=24, pattern=r"^[A-Z0-9][A-Z0-9./^=-]*$")]
Grant = Annotated[
    str, Field(max_length=32, pattern=r"^[A-Z0-9][A-Z0-9./^-]{0,23}=(100|[1-9]?\d(\.\d{1,2})?)$")
]


class Trading(Section):
    """What no order may go beyond, whoever wants it."""

    orders_per_day: int = Field(
        10,
        title="Orders a day",
        description="Orders entered in a day of New York. Those that only make a position smaller are free.",
        ge=0,
        le=10_000,
        json_schema_extra=LIMIT,
    )
    exits_per_hour: int = Field(
        100,
        title="Exits an hour",
        description="Orders that only make a position smaller, so that a fault cannot send them for ever.",
        ge=1,
        le=10_000,
        json_schema_extra=LIMIT,
    )
    position_percent: float = Field(
        10.0,
        title="Largest position in percent",
        description="What one symbol may make up of the account, with everything that waits to be filled.",
        gt=0.0,
        le=100.0,
        json_schema_extra=LIMIT,
    )
    position_grants: tuple[Grant, ...] = Field(
        (),
        title="Larger positions",
        description="Symbols with a bound of their own in percent, such as SPY=60.",
        max_length=100,
        json_schema_extra=LIMIT,
    )
    approval_above: float = Field(
        1_000.0,
        title="Ask above in dollars",
        description="Orders worth more than this much money wait for your approval.",
        ge=0.0,
        le=1e9,
        json_schema_extra=LIMIT,
    )
    hours: Literal["regular", "extended", "any"] = Field(
        "regular",
        title="Hours",
        description="When orders may be entered, by the calendar of what is traded: in its session, also "
        "shortly before and after it, or at any time.",
        json_schema_extra=LIMIT,
    )
    price_band_percent: float = Field(
        10.0,
        title="Price band in percent",
        description="How far the price of an order may be from the last price.",
        gt=0.0,
        le=50.0,
        json_schema_extra=LIMIT,
    )
    price_age_seconds: int = Field(
        120,
        title="Oldest price in seconds",
        description="How old the last price may be while its exchange is open.",
        ge=5,
        le=3_600,
        json_schema_extra=LIMIT,
    )
    duplicate_seconds: int = Field(
        30,
        title="Same order after seconds",
        description="An order like the one before, sooner than this, is taken for a mistake.",
        ge=0,
        le=86_400,
        json_schema_extra=LIMIT,
    )
    daily_loss_percent: float = Field(
        3.0,
        title="Loss of a day in percent",
        description="Whoever has lost this much since the day before enters nothing new until tomorrow.",
        gt=0.0,
        le=100.0,
        json_schema_extra=LIMIT,
    )
    drawdown_percent: float = Field(
        15.0,
        title="Fall from the peak in percent",
        description="An account that has fallen this far below its best enters nothing new until you say so.",
        gt=0.0,
        le=100.0,
        json_schema_extra=LIMIT,
    )
    whitelist: tuple[Symbol, ...] = Field(
        (),
        title="Only these symbols",
        description="Nothing else is ordered; empty means everything may be.",
        max_length=1_000,
        json_schema_extra=LIMIT,
    )
    margin: bool = Field(
        False,
        title="Buy on credit",
        description="Use what the broker lends, and not only cash that is there and settled.",
        json_schema_extra=LIMIT,
    )
    clock_skew_seconds: int = Field(
        60,
        title="Clocks apart in seconds",
        description="How far the clock of this computer may be from the broker's.",
        ge=5,
        le=299,
        json_schema_extra=LIMIT,
    )


class Portfolio(Section):
    """How gains are counted and what they are compared with."""

    matching: Literal["fifo", "lifo", "chosen"] = Field(
        "fifo",
        title="Lots a sale closes",
        description="The oldest (fifo), the newest (lifo), or those you choose, and then the oldest.",
    )
    benchmark: Symbol = Field(
        "SPY", title="Benchmark", description="The symbol that your account is compared with."
    )


class Paper(Section):
    """What trading costs on a paper account, and what it may do."""

    cash: float = Field(
        100_000.0,
        title="Cash to begin with",
        description="Play money of a new paper account, and of one that is reset.",
        gt=0.0,
        le=1e9,
    )
    leverage: float = Field(
        2.0,
        title="Leverage",
        description="Up to how many times the equity all positions may begin; 1 is no borrowed money.",
        ge=1.0,
        le=4.0,
    )
    short: bool = Field(
        False, title="Sell short", description="Let the paper account sell what it does not have."
    )
    slippage_percent: float = Field(
        0.02,
        title="Slippage in percent",
        description="How much worse than what is asked or bid an order fills. Limits are never slipped past.",
        ge=0.0,
        le=10.0,
    )
    commission: float = Field(
        0.0, title="Commission for an order", description="Money for each fill.", ge=0.0, le=1_000.0
    )
    commission_per_share: float = Field(
        0.0, title="Commission for a share", description="Money for each share.", ge=0.0, le=100.0
    )
    volume_percent: float = Field(
        0.0,
        title="Share of the volume in percent",
        description="An order takes no more than this of what is traded, and the rest waits; 0 is no bound.",
        ge=0.0,
        le=100.0,
    )
    margin_percent: float = Field(
        0.0,
        title="Margin interest in percent",
        description="What borrowed money costs a year.",
        ge=0.0,
        le=50.0,
    )
    borrow_percent: float = Field(
        0.0,
        title="Borrowed shares in percent",
        description="What being short costs a year.",
        ge=0.0,
        le=100.0,
    )
    cash_percent: float = Field(
        0.0, title="Interest on cash in percent", description="What cash earns a year.", ge=0.0, le=50.0
    )
    wash_trades: bool = Field(
        True,
        title="Both sides at once",
        description="Let orders of both sides wait for the same symbol; some brokers refuse that.",
    )


class Broker(Section):
    """Where orders for a broker go."""

    alpaca_address: str = Field(
        "",
        title="Alpaca address for orders",
        description="A stand-in for Alpaca on this computer, for trials. Empty means Alpaca itself.",
        max_length=255,
        pattern=r"^$|^http://(127\.0\.0\.1|localhost)(:\d+)?/?$",
        json_schema_extra=AT_START | BY_THE_PERSON,
    )


class Settings(Section):
    """All settings of one person."""

    appearance: Appearance = Field(Appearance(), title="Appearance")
    market: Market = Field(Market(), title="Market data")
    fundamentals: Fundamentals = Field(Fundamentals(), title="Fundamentals")
    trading: Trading = Field(Trading(), title="Limits of trading")
    paper: Paper = Field(Paper(), title="Paper account")
    broker: Broker = Field(Broker(), title="Broker")
    portfolio: Portfolio = Field(Portfolio(), title="Portfolio")
    assistant: Assistant = Field(Assistant(), title="Assistant")
    window: Window = Field(Window(), title="Window")
    server: Server = Field(Server(), title="Server")
    cluster: Cluster = Field(Cluster(), title="Cluster")
    upkeep: Upkeep = Field(Upkeep(), title="Upkeep")
