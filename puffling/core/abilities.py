"""What Puffling can do, by name: every controller as the faces of this process reach it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_type_hints

from puffling.controllers.access import Access
from puffling.controllers.accounts import Accounts
from puffling.controllers.ai import Ai
from puffling.controllers.alerts import Alerts
from puffling.controllers.approvals import Approvals
from puffling.controllers.backtests import Backtests
from puffling.controllers.backups import Backups
from puffling.controllers.broker import Broker
from puffling.controllers.data import Data
from puffling.controllers.drawings import Drawings
from puffling.controllers.factors import Factors
from puffling.controllers.files import Files
from puffling.controllers.fundamentals import Fundamentals
from puffling.controllers.guide import Guide
from puffling.controllers.jobs import Jobs
from puffling.controllers.live_strategies import LiveStrategies
from puffling.controllers.monitor import Monitor
from puffling.controllers.optimization import Optimization
from puffling.controllers.portfolio import Portfolios
from puffling.controllers.practice import Practices
from puffling.controllers.quotes import Quotes
from puffling.controllers.rehearsals import Rehearsals
from puffling.controllers.safety import Safety
from puffling.controllers.scheduler import Scheduler
from puffling.controllers.settings import Settings as SettingsController
from puffling.controllers.strategies import Strategies
from puffling.controllers.templates import Templates
from puffling.controllers.watchlists import Watchlists
from puffling.controllers.workspaces import Workspaces
from puffling.runtime.capability import Controller


class Abilities:
    """The controllers, each under its name."""

    watchlists: Watchlists
    templates: Templates
    data: Data
    drawings: Drawings
    quotes: Quotes
    settings: SettingsController
    jobs: Jobs
    monitor: Monitor
    portfolio: Portfolios
    practice: Practices
    safety: Safety
    broker: Broker
    approvals: Approvals
    alerts: Alerts
    workspaces: Workspaces
    backups: Backups
    access: Access
    accounts: Accounts
    ai: Ai
    scheduler: Scheduler
    guide: Guide
    factors: Factors
    files: Files
    fundamentals: Fundamentals
    strategies: Strategies
    live_strategies: LiveStrategies
    rehearsals: Rehearsals
    backtests: Backtests
    optimization: Optimization

    def take_up(self, built: Mapping[type[Controller], Controller]) -> None:
        """Give every name its controller."""
        for name, kind in get_type_hints(Abilities).items():
            if kind not in built:
                raise TypeError(f"{kind.__name__} was not built")
            setattr(self, name, built[kind])
