"""When what goes out: slots, gaps, caps, quiet times, the late policy, the chain's intervals.

Pure functions over values. This room knows no chain, no records, no files and no clock: what it
is to know is given, and the same question has the same answer.

Exported are its values; what calculates with them is imported from its module by those who ask, so
that who only reads settings doesn't wait for it.
"""

from bot.calendar.rules import Closed, Days, Late, Pace, Quiet, Rules, Series, closed
from bot.calendar.slots import CalendarError, Slot
from bot.calendar.values import Appointment, Kept, Queued, Sent, State, Wait

__all__ = [
    "Appointment",
    "CalendarError",
    "Closed",
    "Days",
    "Kept",
    "Late",
    "Pace",
    "Queued",
    "Quiet",
    "Rules",
    "Sent",
    "Series",
    "Slot",
    "State",
    "Wait",
    "closed",
]
