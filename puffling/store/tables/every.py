"""All tables at once; importing this makes their metadata complete."""

from puffling.store.tables.access import AccessTokenRow
from puffling.store.tables.attempts import AttemptRow
from puffling.store.tables.audit import AuditRow
from puffling.store.tables.automation import (
    AgentLogRow,
    AlertConfigRow,
    AlertHistoryRow,
    ConversationRow,
    PortfolioGoalRow,
    StrategyDecisionRow,
)
from puffling.store.tables.base import Row
from puffling.store.tables.drawings import DrawingRow
from puffling.store.tables.jobs import ScheduledJobRow
from puffling.store.tables.people import LayoutRow, SettingRow, UserRow, WatchlistRow
from puffling.store.tables.research import (
    AdaptationRow,
    BacktestResultRow,
    OptimizationJobRow,
    StrategyConfigRow,
    TrialRow,
)
from puffling.store.tables.trading import (
    AccountRow,
    ApprovalRow,
    CashFlowRow,
    FillRow,
    HoldingRow,
    IntentRow,
    OrderRow,
    PaperBookRow,
    TradeRow,
    WorthRow,
)

__all__ = [
    "AccessTokenRow",
    "AccountRow",
    "AdaptationRow",
    "AgentLogRow",
    "AlertConfigRow",
    "AlertHistoryRow",
    "ApprovalRow",
    "AttemptRow",
    "AuditRow",
    "BacktestResultRow",
    "CashFlowRow",
    "ConversationRow",
    "DrawingRow",
    "FillRow",
    "HoldingRow",
    "IntentRow",
    "LayoutRow",
    "OptimizationJobRow",
    "OrderRow",
    "PaperBookRow",
    "PortfolioGoalRow",
    "Row",
    "ScheduledJobRow",
    "SettingRow",
    "StrategyConfigRow",
    "StrategyDecisionRow",
    "TradeRow",
    "TrialRow",
    "UserRow",
    "WatchlistRow",
    "WorthRow",
]
