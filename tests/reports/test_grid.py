"""The calendar as a grid: everything in its place, and never wider than a terminal."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.reports.grid import COLUMNS, Entry, cut, month, week

BERLIN = ZoneInfo("Europe/Berlin")


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_week_shows_each_entry_on_its_local_day():
    lines = week(
        [
            Entry(at("2026-12-08 08:00"), "Second", "!"),
            Entry(at("2026-12-07 23:30"), "After midnight"),
            Entry(at("2026-12-07 08:00"), "A title " * 20),
        ],
        date(2026, 12, 7),
        BERLIN,
    )

    assert lines[0].startswith("mon 2026-12-07 ---")
    assert lines[1].startswith("  09:00 A title A title")
    assert lines[1].endswith("…")
    assert lines[2].startswith("tue 2026-12-08 ---")
    assert lines[3:5] == ("  00:30 After midnight", "  09:00!Second")
    assert len(lines) == 7 + 3


def test_a_month_shows_its_days_under_their_weekdays_and_how_many_are_left_out():
    entries = [Entry(at(f"2026-12-24 0{hour}:00"), f"Post {hour}") for hour in range(1, 7)]
    lines = month(entries, date(2026, 12, 15), BERLIN)

    assert lines[0] == "2026-12"
    assert (
        lines[2] == "|mon       |tue       |wed       |thu       |fri       |sat       |sun       |"
    )
    assert lines[4].startswith("|          | 1        | 2        |")
    christmas = next(number for number, line in enumerate(lines) if "|24        |" in line)
    assert [line.split("|")[4] for line in lines[christmas : christmas + 5]] == [
        "24        ", "02:00 Pos…", "03:00 Pos…", "04:00 Pos…", "3 more    ",
    ]  # fmt: skip
    assert "31" in lines[-2].split("|")[4]


def test_a_wide_character_takes_two_columns():
    assert cut("漢字漢字", 5) == "漢字…"
    assert cut("漢字", 4) == "漢字"


def columns(line):
    return len(line) + sum(1 for character in line if "\u3000" <= character <= "\uffee")


@given(
    st.lists(
        st.builds(
            Entry,
            st.integers(0, 60 * 24 * 40).map(
                lambda n: at("2026-11-25 00:00") + n * timedelta(minutes=1)
            ),
            st.text(st.sampled_from("aé漢 …"), max_size=90),
        ),
        max_size=40,
    ),
    st.dates(date(2026, 11, 25), date(2027, 1, 5)),
)
def test_no_line_is_wider_than_a_terminal_and_all_of_a_months_are_alike(entries, first):
    assert all(columns(line) <= COLUMNS for line in week(entries, first, BERLIN))
    lines = month(entries, first, BERLIN)
    assert {columns(line) for line in lines[1:]} == {78}
