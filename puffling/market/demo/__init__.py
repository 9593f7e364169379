"""The demo market: an invented market that is a pure function of (seed, symbol, time).

Nothing is stored and nothing drawn at random: every number is hashed out of the seed, the symbol and its
place in time, from a fixed epoch on. That is why two computers, a rehearsal and a restart all see the same
prices. For the same reason the arithmetic is limited to what every processor rounds alike: integers, and
+ - * / and square roots in a fixed order. No logarithm, exponential or sine, no matrix product, no pairwise
sum: their last bit differs between builds, and one bit is enough to move a price to the next cent.

Top down: factors give daily returns, a day's bar fixes its minutes, a minute's bar fixes its ticks. Each
level is a path between given open and close that touches given high and low, so the levels agree exactly,
and one minute of 2009 costs no more than one of today.

Shares and funds tick from 04:00 to 20:00 New York time on trading days (bars cover the regular session
only), crypto always: so something lives on a Saturday, and what rests says so in its session state.
"""
