"""The ledger of attempts: what was tried on the same data, by a person, a search or the assistant.

Whoever has seen what came of an attempt is counted, from its result on. A test that was cancelled or failed
showed nobody anything and counts nothing; of a search that stopped, what it had tried until then counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean, variance

from sqlmodel import col, or_, select

from puffling.puffin.backtest.trust.same_data import ends_of, share_data
from puffling.store.repositories.base import Repository, checked_json
from puffling.store.research import Attempt, Attempts
from puffling.store.tables.attempts import AttemptRow

# Databases take only so many values with a question.
_TOGETHER = 300


class AttemptLedger(Repository):
    """Writes down every attempt and counts the different ones; nothing is ever taken out."""

    def add(self, attempts: Iterable[Attempt]) -> None:
        """Write attempts down; the same one again is counted, but is not another one."""
        several = list(attempts)
        known = self._known(several)
        for attempt in several:
            key = (attempt.data_key, attempt.digest)
            row = known.get(key)
            if row is None:
                row = known[key] = AttemptRow(
                    user_id=self._user,
                    data_key=attempt.data_key,
                    digest=attempt.digest,
                    strategy_type=attempt.strategy,
                    params=checked_json(attempt.parameters, "parameters"),
                    made_by=attempt.made_by,
                    sharpe=attempt.sharpe,
                    bars=attempt.bars,
                    times=1,
                    first_at=self._now,
                    last_at=self._now,
                )
            else:
                row.times += 1
                row.last_at = self._now
            self._session.add(row)
        self._session.flush()

    def _known(self, attempts: Sequence[Attempt]) -> dict[tuple[str, str], AttemptRow]:
        """Give the rows of those that were made before, some hundred with each question."""
        known: dict[tuple[str, str], AttemptRow] = {}
        for first in range(0, len(attempts), _TOGETHER):
            some = attempts[first : first + _TOGETHER]
            wanted = (
                select(AttemptRow)
                .where(AttemptRow.user_id == self._user)
                .where(col(AttemptRow.data_key).in_({each.data_key for each in some}))
                .where(col(AttemptRow.digest).in_({each.digest for each in some}))
            )
            known |= {(row.data_key, row.digest): row for row in self._session.exec(wanted)}
        return known

    def on(self, data_key: str, *, besides: str = "") -> Attempts:
        """Give how many different attempts there were on data that shares some, and how their ratios spread.

        Left out is the attempt of the digest `besides` on this very data.
        """
        ratios: list[float] = []
        keys = self._sharing(data_key)
        for first in range(0, len(keys), _TOGETHER):
            wanted = (
                select(col(AttemptRow.sharpe))
                .where(AttemptRow.user_id == self._user)
                .where(col(AttemptRow.data_key).in_(keys[first : first + _TOGETHER]))
                .where(or_(col(AttemptRow.data_key) != data_key, col(AttemptRow.digest) != besides))
                .order_by(col(AttemptRow.data_key), col(AttemptRow.digest))
            )
            ratios += self._session.exec(wanted)
        return Attempts(
            len(ratios),
            variance(ratios) if len(ratios) > 1 else 0.0,
            fmean(ratios) if ratios else 0.0,
        )

    def _sharing(self, data_key: str) -> list[str]:
        """Give the names of all data that shares some with this one."""
        begin, end = ends_of(data_key)
        wanted = (
            select(col(AttemptRow.data_key))
            .where(AttemptRow.user_id == self._user)
            .where(col(AttemptRow.data_key).startswith(begin, autoescape=True))
            .where(col(AttemptRow.data_key).endswith(end, autoescape=True))
            .distinct()
            .order_by(col(AttemptRow.data_key))
        )
        return [key for key in self._session.exec(wanted) if share_data(key, data_key)]
