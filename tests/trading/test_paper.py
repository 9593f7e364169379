"""A paper account at work: on the demo market, with the desk, through crashes."""

from __future__ import annotations

from pathlib import Path

from tests.trading.paper_rooms import DEMO, open_paper


async def test_an_order_fills_at_what_somebody_asks_and_the_ledger_knows(tmp_path: Path) -> None:
    async with open_paper(tmp_path) as room:
        quote = await room.market.quotes.quote("SPY")
        placed = await room.desk.place(room.wish(quantity=3))
        assert placed.intent is not None
        intent = placed.intent.id

        async def filled() -> bool:
            return await room.state(intent) == "FILLED"

        await room.until(filled)
        assert await room.held() == 3
        fills = await room.desk.fills(DEMO.id)
        assert quote is not None
        assert [float(fill.price) for fill in fills] == [quote.ask]
        report = await room.desk.reconcile(DEMO.id)
        assert report.agrees
        assert room.failures == []
