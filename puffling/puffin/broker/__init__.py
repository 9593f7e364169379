"""Brokers: where orders go, all behind one contract.

A broker is a plain object with blocking calls, so that somebody's own, written to Puffin's contract, works
as it is. What the contract has always had (`submit_order`, `cancel_order`, `get_positions` ...) is enough to
be watched and used on paper. What a broker can do beyond it, it says in its `abilities` and offers under the
names in `Broker`; finding an order again by the name we gave it is what real money needs.

The errors say what the caller may conclude. `OrderRejectedError` and its kin: the broker said no, nothing is
at the market. `BrokerRefusedError`: it does not accept the keys, so nothing was done. `BrokerBusyError`: it
did not look, ask again later. `DuplicateOrderError`: an order of that name is there already.
`UnknownOrderError`: it has no such order, at least just now. `UnclearError`: nobody knows; look it up before
anything else.
"""
