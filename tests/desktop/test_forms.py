from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, SecretStr
from pydantic import Field as Described
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from puffling.desktop.editors import LineEditor
from puffling.desktop.fields import Unfit, parse, show, words
from puffling.desktop.forms import Ask, Field, Form, fields_of
from puffling.desktop.theme import Appearance, Scheme, look


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"


class OrderRequest(BaseModel):
    symbol: Annotated[str, Described(min_length=1, max_length=10, description="What to trade.")]
    side: Side = Side.BUY
    quantity: Annotated[int, Described(ge=1, le=1000)] = 10
    limit_price: Annotated[Decimal | None, Described(gt=0)] = None
    share: Annotated[float, Described(title="Share of equity", ge=0, lt=1)] = 0.1
    extended: bool = False
    watch: list[str] = []
    until: date | None = None
    key: SecretStr | None = None


@pytest.fixture
def form(qtbot: QtBot) -> Form:
    look().wear(Appearance(Scheme.DARK))
    made = Form(fields_of(OrderRequest), act="Review order", cancel="Cancel")
    qtbot.addWidget(made)
    made.show()
    return made


def line(form: Form, name: str) -> LineEditor:
    editor = form.editor(name)
    assert isinstance(editor, LineEditor)
    return editor


def test_a_model_becomes_fields_with_titles_kinds_and_bounds() -> None:
    fields = {field.name: field for field in fields_of(OrderRequest)}
    assert {name: field.ask for name, field in fields.items()} == {
        "symbol": Ask.TEXT,
        "side": Ask.CHOICE,
        "quantity": Ask.INTEGER,
        "limit_price": Ask.DECIMAL,
        "share": Ask.NUMBER,
        "extended": Ask.SWITCH,
        "watch": Ask.SYMBOLS,
        "until": Ask.DATE,
        "key": Ask.SECRET,
    }
    assert fields["symbol"].required
    assert fields["symbol"].description == "What to trade."
    assert fields["limit_price"].title == "Limit Price"
    assert fields["share"].title == "Share of equity"
    assert (fields["quantity"].least, fields["quantity"].most, fields["quantity"].default) == (1, 1000, 10)
    assert fields["side"].choices == (("buy", "Buy"), ("sell", "Sell"))


def test_what_a_form_gives_is_what_the_model_takes(form: Form, qtbot: QtBot) -> None:
    sent: list[dict[str, Any]] = []
    form.submitted.connect(sent.append)
    line(form, "symbol").setText(" SPY ")
    line(form, "limit_price").setText("1,511.80")
    line(form, "watch").setText("spy, qqq;  spy")
    line(form, "key").setText(" secret ")
    QTest.keyClick(line(form, "symbol"), Qt.Key.Key_Return)
    assert len(sent) == 1
    request = OrderRequest.model_validate(sent[0])
    assert (request.symbol, request.limit_price, request.quantity) == ("SPY", Decimal("1511.80"), 10)
    assert request.watch == ["SPY", "QQQ"]
    assert request.until is None
    assert request.key is not None
    assert request.key.get_secret_value() == " secret "


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("symbol", "", "Symbol is missing."),
        ("symbol", "TOO LONG A NAME", "Symbol may have 10 characters at most."),
        ("quantity", "ten", "Quantity must be a number."),
        ("quantity", "1.5", "Quantity must be a whole number."),
        ("quantity", "0", "Quantity must be at least 1."),
        ("quantity", "1,001", "Quantity must be at most 1,000."),
        ("limit_price", "\N{MINUS SIGN}5", "Limit Price must be above 0."),
        ("limit_price", "nan", "Limit Price must be a number."),
        ("share", "1", "Share of equity must be below 1."),
        ("until", "tomorrow", "Until must be a date like 2026-11-20."),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field_and_nothing_is_sent(
    form: Form, name: str, typed: str, said: str
) -> None:
    sent: list[dict[str, Any]] = []
    form.submitted.connect(sent.append)
    line(form, "symbol").setText("SPY")
    line(form, name).setText(typed)
    form.submit()
    assert form.errors == {name: said}
    assert line(form, name).property("wrong") is True
    assert line(form, name).accessibleDescription() == said
    assert sent == []
    line(form, name).setText("" if name in {"until", "limit_price"} else {"symbol": "SPY"}.get(name, "0.5"))
    form.clear_errors()
    assert form.errors == {}


def test_what_somebody_else_found_wrong_is_shown_too(form: Form) -> None:
    form.show_error("symbol", "Symbol is not known.")
    form.show_error("nowhere", "The market is closed.")
    assert form.errors == {"": "The market is closed.", "symbol": "Symbol is not known."}


def test_escape_cancels(form: Form) -> None:
    cancelled: list[bool] = []
    form.cancelled.connect(lambda: cancelled.append(True))
    QTest.keyClick(line(form, "symbol"), Qt.Key.Key_Escape)
    assert cancelled == [True]


def test_a_secret_is_never_shown_and_is_left_out_when_nothing_was_typed(qtbot: QtBot) -> None:
    form = Form((Field("key", "API key", Ask.SECRET),), values={"key": "sk-live-123"})
    qtbot.addWidget(form)
    editor = line(form, "key")
    assert editor.text() == ""
    assert editor.echoMode() is QLineEdit.EchoMode.Password
    assert "sk-live" not in editor.placeholderText()
    assert form.values() == {}
    editor.setText("new")
    assert form.values() == {"key": "new"}


def test_values_come_back_as_they_went_in(qtbot: QtBot) -> None:
    values = {
        "symbol": "SPY",
        "side": "sell",
        "quantity": 7,
        "share": 0.25,
        "extended": True,
        "watch": ["A", "B"],
    }
    form = Form(fields_of(OrderRequest), values=values)
    qtbot.addWidget(form)
    assert form.values() == values


def test_a_schema_by_hand_works_like_a_model() -> None:
    schema = {
        "properties": {
            "api_key": {"type": "string", "format": "password"},
            "mode": {"$ref": "#/$defs/Mode"},
            "note": {"type": "string", "format": "prose"},
        },
        "required": ["api_key"],
        "$defs": {"Mode": {"enum": ["paper", "live"], "type": "string"}},
    }
    fields = fields_of(schema)
    assert [(field.name, field.ask) for field in fields] == [
        ("api_key", Ask.SECRET),
        ("mode", Ask.CHOICE),
        ("note", Ask.PROSE),
    ]
    assert words("limit_price") == "Limit price"
    with pytest.raises(TypeError):
        fields_of(object())


def test_exact_numbers_stay_exact() -> None:
    field = Field("price", "Price", Ask.DECIMAL)
    assert parse(field, "0.10") == Decimal("0.10")
    assert show(field, Decimal("0.10")) == "0.10"
    with pytest.raises(Unfit):
        parse(field, "Infinity")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ('{"period": 20', "character 14"),
        ("period=20", "character 1"),
        ("[20]", "names with values"),
        ('{"period": NaN}', "must be JSON"),
        ("[" * 100_000, "must be JSON"),
    ],
)
def test_an_object_is_asked_for_as_json_and_what_is_not_is_said(typed: str, said: str) -> None:
    (field,) = fields_of({"properties": {"parameters": {"type": "object", "title": "Parameters"}}})
    assert field.ask is Ask.OBJECT
    with pytest.raises(Unfit, match=said):
        parse(field, typed)


def test_an_object_comes_back_as_it_was_shown() -> None:
    field = Field("parameters", "Parameters", Ask.OBJECT)
    value = {"period": 20, "source": "close", "width": 2.5}
    assert parse(field, show(field, value)) == value
    assert (show(field, {}), parse(field, " ")) == ("", None)
