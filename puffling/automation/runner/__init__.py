"""Strategies that run by themselves: decided once on each closed bar, recorded, told, and traded.

What is decided on the close of a bar is traded from the next moment at which the market is open, as in a
backtest. The decision is written down before anything follows from it, one for each bar, and so are its
orders with their exact terms before the first goes to the desk: whoever is killed in between finds them and
places the very same again, under the same name, which the desk takes for the same order.

Whose shares they are. A strategy has a book of its own beside all else that the account holds: the money it
was given, and the fills of its own orders. Its position is worked out of that book, never of the account's:

* What the person or another strategy holds of the same symbol is not counted, not sold and not closed. An
  account knows one position of a symbol only, so two strategies may not trade the same symbol on the same
  account, and a strategy does not sell short what the person holds (it would sell theirs), nor buy what the
  person has sold short.
* Whoever else sells more of a symbol than is theirs has sold the strategy's: from then on it does not have
  it, and has that money. A position that the person closes is closed, and is not opened again before the
  strategy changes its mind.
* Shares that no order explains (an adjustment at the broker) are nobody's but the person's. A split keeps
  everybody's part.

A strategy that sends its own orders hears of each close with this book and with its own orders as they stand
at the broker or are held here; that is written down with what it then says, so that whoever begins anew lives
through the same closes and says the same. What it takes back is cancelled before anything new goes, a way out
never stands for more than the strategy still has, and when it is stopped nothing is left that would open a
position. A stop that the market opens beyond goes as the order it has become.

So the book behaves as the one of a backtest that began with the same money, and makes the same orders.
"""
