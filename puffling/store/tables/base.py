"""What all tables share: names of constraints, exact types, and a user on every row."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Dialect, MetaData, String, Table, Text
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware moment as whole microseconds since 1970: exact, sortable, the same on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Turn a moment into microseconds; a time without a zone is refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Turn microseconds back into a moment in UTC."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Exact(TypeDecorator[Decimal]):
    """A decimal number as the text of its digits, because SQLite would make it a float."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Turn a finite decimal into fixed-point text; floats are refused."""
        if value is None:
            return None
        if not isinstance(value, Decimal):
            raise TypeError(f"an exact number is stored from a Decimal, not from {type(value).__name__}")
        if not value.is_finite():
            raise ValueError("a number that is not finite cannot be stored")
        return format(value, "f")

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:
        """Turn the text back into the same decimal."""
        return None if value is None else Decimal(value)


class Plain(TypeDecorator[Any]):
    """Plain data as JSON text: a column of SQLite's JSON type turns long numbers into floats."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        """Write the data as JSON; what JSON cannot say is refused."""
        return json.dumps(value, ensure_ascii=False, allow_nan=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Read the JSON."""
        return None if value is None else json.loads(value)

    def compare_values(self, x: Any, y: Any) -> bool:
        """Tell 1 from true, which Python takes for equal."""
        return x is y or json.dumps(x) == json.dumps(y)


def table_of(kind: type[Row]) -> Table:
    """Give the table whose rows are of this kind."""
    return Row.metadata.tables[str(kind.__tablename__)]


class Row(SQLModel):
    """The base of all tables."""

    # Rows are not validated, so their validators need not be built at start.
    model_config = {"defer_build": True}

    # Constraints have names by rule: SQLite's batch migrations can only drop what has a name.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
