"""Every fault that orders, records and data must survive has tests of its own, named here."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]

KILLED = (
    "faults/test_crashes.py::test_whoever_is_killed_wherever_there_is_one_order_in_the_end",
    "faults/test_campaign.py::test_killed_and_deceived_nothing_is_lost_nothing_is_twice",
)
HOSTILE = (
    "trading/test_alpaca_desk.py::test_whatever_the_broker_does_there_is_one_order_and_its_fill_counts_once"
)
UNCLEAR = "trading/test_sending.py::test_an_unclear_answer_is_looked_up_and_makes_one_order"
REFUSED = "trading/test_alpaca_desk.py::test_what_the_broker_refuses_is_over_and_reserves_nothing"
WATCHED = (
    "trading/test_sending.py::"
    "test_what_never_arrived_and_is_too_late_is_watched_for_a_day_and_cancelled_on_sight"
)
COUNTED = (
    "trading/test_days_and_exits.py::test_the_count_goes_on_over_a_restart_and_begins_anew_on_the_next_day"
)
FAULTY_BAR = (
    "controllers/test_faulty_prices.py::test_a_faulty_bar_is_seen_and_neither_indicator_nor_strategy_knows_it"
)

PROMISES: dict[str, tuple[str, ...]] = {
    "1 killed before the intent is written": KILLED,
    "2 killed before it is sent": KILLED,
    "3 killed before the answer": KILLED,
    "4 killed before the answer is written": KILLED,
    "5 killed again while comparing": KILLED,
    "6 connection reset after the order was accepted": (HOSTILE, UNCLEAR),
    "7 504 after the order was accepted": (HOSTILE, UNCLEAR),
    "8 the name exists already": (HOSTILE, UNCLEAR),
    "9 not found, and there later": (
        HOSTILE,
        WATCHED,
    ),
    "10 502 in HTML": (HOSTILE, UNCLEAR),
    "11 429": (
        "trading/test_sending.py::test_a_busy_broker_gets_the_same_order_again_later",
        "trading/test_sending.py::test_a_busy_broker_that_stays_busy_gets_nothing_when_it_is_too_late",
    ),
    "12 a hung socket": (
        "trading/test_sending.py::test_a_broker_that_hangs_leaves_nothing_in_doubt_for_good",
    ),
    "13 no buying power": (REFUSED, "trading/test_sending.py::test_a_clear_no_releases_what_was_reserved"),
    "14 a wash trade": (REFUSED,),
    "15 a price below a cent": (
        "trading/test_gate_places.py::test_cheap_shares_have_four_decimals",
        "puffin/broker/alpaca/test_sending.py::test_prices_under_a_dollar_have_four_decimals",
    ),
    "16 two jobs with one signal on one bar": (
        "trading/test_races.py::test_two_jobs_with_one_signal_on_one_bar_make_one_order",
    ),
    "17 a fill three times": ("trading/test_news.py::test_the_same_fill_three_times_counts_once",),
    "18 the beginning told again after a fill": (
        "trading/test_news.py::test_news_in_any_order_and_twice_end_in_the_same_place",
        "trading/test_states.py::test_the_beginning_told_again_after_a_fill_changes_nothing",
    ),
    "19 a fill before its order, a fill after a cancel": (
        "trading/test_news.py::test_a_fill_told_before_its_order_is_known_counts",
        "trading/test_news.py::test_a_fill_after_a_cancel_counts",
    ),
    "20 parts against the sum": ("trading/test_news.py::test_partial_fills_add_up_to_what_the_order_says",),
    "21 fills while the stream is down": (
        "trading/test_news.py::test_fills_while_the_stream_was_down_are_in_the_ledger_as_if_heard",
        "trading/test_alpaca_desk.py::test_fills_while_the_stream_is_down_are_in_the_ledger_when_it_is_back",
    ),
    "22 a mute stream": (
        "trading/test_alpaca_desk.py::test_a_mute_stream_blocks_orders_until_the_account_was_compared_again",
    ),
    "23 a handler that fails": (
        "trading/test_news.py::test_after_news_that_cannot_be_taken_in_the_next_is_heard",
    ),
    "24 an unknown word": (
        "trading/test_news.py::test_an_unknown_word_freezes_the_symbol_until_it_is_known_again",
    ),
    "25 an order placed by hand elsewhere": (
        "trading/test_news.py::test_an_order_placed_by_hand_elsewhere_is_adopted_with_its_fills",
    ),
    "26 a bust and a correction": (
        "trading/test_news.py::test_a_bust_takes_the_fill_back_and_a_correction_puts_its_price_right",
        "trading/test_alpaca_desk.py::test_a_fill_taken_back_and_one_put_right_are_so_in_the_ledger",
    ),
    "27 a changed order": (
        "trading/test_cancelling.py::test_a_changed_order_stands_in_the_place_of_the_old_one_and_counts_once",
    ),
    "28 cancelled too late": (
        "trading/test_cancelling.py::test_cancelling_what_was_filled_already_says_so_and_counts_the_fill",
    ),
    "29 not all could be cancelled": (
        "trading/test_cancelling.py::test_cancelling_all_names_what_could_not_be",
    ),
    "30 a hundred at once against ten": (
        "trading/test_races.py::test_a_hundred_at_once_enter_exactly_ten",
        "trading/test_races.py::test_threads_with_connections_of_their_own_enter_exactly_ten",
        "trading/test_races.py::test_processes_enter_exactly_ten",
    ),
    "31 the count over midnight and a restart": (
        COUNTED,
        "trading/test_facts.py::test_the_count_begins_anew_at_midnight_in_new_york",
    ),
    "32 five orders of 4 % against 10 %": (
        "trading/test_races.py::test_of_five_orders_of_four_percent_two_fit_into_ten",
    ),
    "33 halted between gate and socket": (
        "trading/test_sending.py::test_a_halt_between_the_gate_and_the_socket_keeps_the_order_back",
    ),
    "34 halted with an unknown order under way": (
        "trading/test_sending.py::test_while_halted_what_is_unknown_is_looked_up_and_not_sent_again",
    ),
    "35 a halt survives a restart and a second instance": (
        "trading/test_halt.py::test_a_halt_survives_the_process_and_says_why",
        "controllers/test_safety.py::test_survives_a_lost_file_and_a_restart",
        "controllers/test_house.py::test_a_halt_from_outside_is_noticed_within_a_moment",
    ),
    "36 a halt file that cannot be read": ("trading/test_halt.py::test_what_cannot_be_read_is_halted",),
    "37 an approval expired, altered, used again, of another account": (
        "trading/test_approvals.py::test_after_five_minutes_it_is_too_late",
        "trading/test_approvals.py::test_an_altered_order_is_refused",
        "trading/test_approvals.py::test_a_yes_is_used_once",
        "trading/test_approvals.py::test_another_account_is_refused",
    ),
    "38 many calls of a model against a budget": (
        "assistant/test_budget.py::test_twenty_at_once_never_spend_more_than_there_is",
        "assistant/test_budget.py::test_processes_with_connections_of_their_own_never_do_either",
    ),
    "47 two instances on one database": (
        "store/test_owner.py::test_a_second_owner_is_told_who_the_first_is",
    ),
    "48 a full disk at the intent": (
        "trading/test_sending.py::test_a_full_disk_at_the_intent_sends_nothing_and_says_so",
        "store/test_disk.py::test_a_full_disk_saves_nothing_says_so_and_recovers",
    ),
    "49 bytes cut off or flipped": (
        "store/test_damage.py::test_a_damaged_file_is_moved_aside_and_a_backup_brings_all_back",
        "controllers/test_house.py::test_a_damaged_database_opens_halted_with_its_backups_offered",
    ),
    "50 a migration killed at each step": (
        "store/test_migrations.py::test_a_migration_killed_at_any_step_leaves_the_old_version",
    ),
    "51 every released schema": ("store/test_migrations.py::test_every_released_schema_opens_with_its_rows",),
    "52 a newer schema": (
        "store/test_migrations.py::test_an_older_program_refuses_a_newer_schema_and_leaves_it_alone",
    ),
    "53 a folder nobody may write": (
        "store/test_disk.py::test_a_read_only_folder_is_said_so_and_left_as_it_is",
    ),
    "54 what makes commits durable": (
        "store/test_disk.py::test_the_settings_that_make_commits_durable_are_verified_at_start",
    ),
    "55 prices that cannot be": (
        FAULTY_BAR,
        "controllers/test_faulty_prices.py::test_a_stale_history_says_so_wherever_it_is_used",
        "market/test_doubts.py::test_a_price_that_cannot_be_one_moves_nothing_and_is_counted",
        "trading/test_gate.py::test_a_price_that_is_no_price_refuses_and_breaks_nothing",
    ),
    "56 splits and dividends": (
        "controllers/test_faulty_prices.py::test_a_stated_split_is_no_jump_in_any_width",
        "controllers/test_faulty_prices.py::test_a_split_that_nobody_stated_stops_nobody_out",
    ),
    "57 a page missing in a history": (
        "controllers/test_faulty_prices.py::test_a_missing_page_is_noticed_and_not_traded_on",
        "market/test_cache.py::test_a_missing_page_is_asked_for_once_more_and_heals",
    ),
}


@pytest.mark.parametrize("fault", PROMISES)
def test_the_fault_is_survived_by_tests_that_exist(fault: str) -> None:
    for promise in PROMISES[fault]:
        file, _, name = promise.partition("::")
        tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
        found = {
            each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert name in found, promise


def test_no_fault_is_left_out() -> None:
    named = {int(fault.partition(" ")[0]) for fault in PROMISES}
    assert named == {*range(1, 39), *range(47, 58)}
