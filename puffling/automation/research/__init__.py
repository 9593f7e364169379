"""What backtests, searches and rehearsals share: what can be asked of history, and how it is answered.

It stands below the controllers because they know nothing of each other, and above market and store because
a test needs the prices of the one and the ledger of the other.
"""
