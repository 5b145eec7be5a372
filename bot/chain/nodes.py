"""The nodes of a chain: which one to ask next, and for how long a bad one is left alone."""

import math
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.chain.classification import Meaning, refusal, rule_for
from bot.chain.constants import SLOT
from bot.chain.errors import (
    ChainError,
    NodesDisagree,
    NodesUnreachable,
    NotServed,
    PermanentChainError,
    TransientChainError,
    UnknownOutcome,
)
from bot.chain.protocol import NodeHealth
from bot.chain.questions import asked
from bot.chain.wire import ErrorReply, Wire, host_of, json_text
from bot.http import Unanswered, Unsent

Answer = TypeVar("Answer")

_LEFT_ALONE = 60.0  # seconds that a node which failed is asked last
_BARRED = 600.0  # seconds that a node of another chain isn't asked at all
_FORGOTTEN = 600.0  # seconds after which a failure says nothing about a node any more
_NOT_UNDERSTOOD = (
    LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError,
)  # fmt: skip
_BY_ONES = 600.0  # seconds that a node which takes no batches is asked one by one
_TOLD_AGAIN = 600.0  # seconds until the same trouble of the same node is reported again


@dataclass(frozen=True, slots=True)
class Question:
    """One of a batch; its fields are the arguments of `Nodes.answers`."""

    method: str
    params: object
    understand: Callable[[Any], Any]
    absent: str = ""


Report = Callable[[str, str], None]
"""Told (node, reason) when a node is set aside because it can't be believed."""


class Nodes:
    """Questions go from node to node until one answers; a broadcast until one takes it.

    Nodes are asked in the order of the configuration; one that failed or is behind comes last
    for a minute.

    Args:
        addresses: the nodes, the preferred one first.
        wire: how to reach them.
        clock: monotonic seconds.
        report: is told of nodes that are set aside.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        wire: Wire,
        clock: Callable[[], float] = time.monotonic,
        report: Report = lambda node, reason: None,  # noqa: ARG005
    ) -> None:
        self._addresses = tuple(addresses)
        self._wire = wire
        self._clock = clock
        self._report = report
        self._left_alone_until: dict[str, float] = {}
        self._barred_until: dict[str, float] = {}
        self._told_at: dict[tuple[str, str], float] = {}
        self._silent_since: dict[str, tuple[float, float]] = {}
        self._by_ones_until: dict[str, float] = {}
        self._here = threading.local()
        self._failures: Counter[str] = Counter()
        self._answers: Counter[str] = Counter()

    def health(self) -> tuple[NodeHealth, ...]:
        """How each node has fared so far."""
        now = self._clock()

        def silent_for(node: str) -> float | None:
            first, last = self._silent_since.get(node, (now, -math.inf))
            return now - first if now - last < _FORGOTTEN else None

        return tuple(
            NodeHealth(host_of(node), silent_for(node), self._failures[node], self._answers[node])
            for node in self._addresses
        )

    def ask(
        self, method: str, params: object, understand: Callable[[Any], Answer], absent: str = ""
    ) -> Answer:
        """The first usable answer; arguments and errors as for `answers`."""
        return next(self.answers(method, params, understand, absent))[1]

    def answers(
        self,
        method: str,
        params: object,
        understand: Callable[[Any], Answer],
        absent: str = "",
        *,
        everyone: bool = False,
    ) -> Iterator[tuple[str, Answer]]:
        """(node, answer) of each node that gives one, in the order of preference.

        Nodes that are left alone are asked only when no other answers. An error in place of a
        result is no usable answer either: what a question to a public node is answered with
        depends on what stands before that node.

        Args:
            method: e.g. `condenser_api.get_content`.
            params: its arguments.
            understand: makes a value of the result; when it can't (KeyError, TypeError,
                ValueError, …) the answer counts as unusable and the next node is asked.
            absent: regular expression for errors by which some servers say that there is no
                such thing; they count as the result null.
            everyone: ask nodes that are left alone too, when the others have answered.

        Raises:
            NodesUnreachable: no node gave a usable answer.
            NotServed: so it is, and a node said that it doesn't have this method.
        """
        text = json_text(params)
        order = self._in_order()
        good = {node for node in order if not self._is_left_alone(node)}
        reasons: list[str] = []
        unserved = False
        answered = False
        for node in order:
            if answered and node not in good and not everyone:
                return
            host = host_of(node)
            try:
                answer = understand(self._result(node, method, text, absent))
            except (Unsent, Unanswered) as failure:
                self._has_failed(node)
                reasons.append(f"{host}: {failure}")
            except ErrorReply as reply:
                rule = rule_for(reply.error)
                if rule is not None and rule.meaning is Meaning.NOT_SERVED:
                    unserved = True
                else:
                    self._has_failed(node)
                reasons.append(f"{host}: {reply}")
            except _NOT_UNDERSTOOD:
                self._has_failed(node)
                reasons.append(f"{host}: an answer of an unknown shape")
            else:
                answered = True
                self._has_answered(node)
                yield node, answer
        if not answered:
            kind = NotServed if unserved else NodesUnreachable
            raise kind(f"no node answered usably about {asked(method)} ({'; '.join(reasons)})")

    @contextmanager
    def together(self, count: int, calls: Sequence[tuple[str, object]]) -> Iterator[None]:
        """Ask `count` nodes all of these (method, params) in one exchange with each.

        What this thread asks meanwhile is answered by what they said, once; whom it asks, and whom
        it believes, stays as it is. Where a node takes no batches, or not in time, nothing is known
        of it, and it is asked one by one.
        """
        before = getattr(self._here, "told", {})
        texts = [(method, json_text(params)) for method, params in calls]
        self._here.told = before | (self._answered_together(count, texts) if texts[1:] else {})
        try:
            yield
        finally:
            self._here.told = before

    def _answered_together(
        self, count: int, texts: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str, str], Any]:
        """What the first `count` hosts say to all of these, by node, method and parameters."""
        told: dict[tuple[str, str, str], Any] = {}
        hosts: set[str] = set()
        now = self._clock()
        for node in self._in_order():
            if len(hosts) == count:
                break
            if self._by_ones_until.get(node, now) <= now:
                try:
                    answers = self._wire.call_many(node, texts)
                except Unsent:
                    self._has_failed(node)
                    continue  # it isn't one of those that are asked first any more
                except (Unanswered, ErrorReply):  # how it stands, each question by itself will tell
                    self._by_ones_until[node] = now + _BY_ONES
                else:
                    told |= {(node, *text): one for text, one in zip(texts, answers, strict=True)}
            hosts.add(host_of(node))
        return told

    def ask_many(self, questions: Sequence[Question]) -> list[Any]:
        """The first usable answer to each, in order; batches go from node to node.

        What no node answers usably stands as the `NodesUnreachable` (or `NotServed`) that `ask`
        would raise, so that one post's trouble is that post's.

        Raises:
            NodesUnreachable: no node answers at all.
        """
        answers: dict[int, Any] = {}
        failures: dict[int, NodesUnreachable] = {}
        reasons: list[str] = []
        reached = False
        for node in self._in_order():
            host = host_of(node)
            left = [number for number in range(len(questions)) if number not in answers]
            calls = [(questions[n].method, json_text(questions[n].params)) for n in left]
            try:
                told = self._wire.call_many(node, calls)
            except (Unsent, Unanswered, ErrorReply) as failure:
                self._has_failed(node)
                reasons.append(f"{host}: {failure}")
                continue
            reached = True
            self._has_answered(node)
            for number, result in zip(left, told, strict=True):
                try:
                    answers[number] = _understood(questions[number], result)
                except NodesUnreachable as failure:
                    if not isinstance(failure, NotServed):
                        self.leave_alone(node)
                    failures[number] = type(failure)(f"{host}: {failure}")
            if len(answers) == len(questions):
                break
        if not reached:
            raise NodesUnreachable(f"no node answered usably ({'; '.join(reasons)})")
        return [answers[n] if n in answers else failures[n] for n in range(len(questions))]

    def agreed(
        self,
        count: int,
        method: str,
        params: object,
        understand: Callable[[Any], Answer],
        *,
        absent: str = "",
        essence: Callable[[Answer], Hashable],
    ) -> tuple[Answer, ...]:
        """The answers of `count` nodes that are alike; who contradicts them is set aside.

        Args:
            count: of nodes; one host counts once.
            essence: what of an answer must be the same.

        Raises:
            NodesDisagree: too few tell the same, or too few answer at all.
            NodesUnreachable: none answers usably.
        """
        told: dict[Hashable, list[tuple[str, Answer]]] = {}
        everyone = self.answers(method, params, understand, absent, everyone=True)
        for node, answer in everyone:
            same = told.setdefault(essence(answer), [])
            same.append((node, answer))
            if len({host_of(other) for other, _ in same}) == count:
                for contrary in told.values():
                    for liar, _ in contrary if contrary is not same else ():
                        nodes = " and ".join(host_of(other) for other, _ in same)
                        self.set_aside(liar, "denies", f"contradicts {nodes} about {asked(method)}")
                return tuple(answer for _, answer in same)
        hosts = ["/".join(host_of(node) for node, _ in same) for same in told.values()]
        if len(hosts) > 1:
            what = (
                f"the nodes contradict each other about {asked(method)} ({' against '.join(hosts)})"
            )
        else:
            what = f"only {hosts[0]} tells {asked(method)}, and {count} nodes must tell the same"
        raise NodesDisagree(f"{what}; they are asked again", SLOT)

    def send(self, method: str, params: str, refusals: int = 1, turn: int = 0) -> str:
        """Send `params` (JSON text) until a node takes it; the address of the node that did.

        Each `turn` begins with another node.

        The next node is tried only while nothing can have taken effect: no connection was made,
        or the node refused; that is believed when `refusals` nodes say so.

        Raises:
            DuplicateTransaction: the node has it already.
            TransientChainError: refused for now, or by too few nodes to be refused for good;
                `NodesUnreachable` when no node was reached.
            PermanentChainError: refused for what it is.
            UnknownOutcome: it left, and what came back proves nothing.
        """
        reasons: list[str] = []
        refused: dict[str, ChainError] = {}
        order = self._in_order()
        first = turn % max(len(order), 1)
        for node in order[first:] + order[:first]:
            host = host_of(node)
            try:
                self._wire.call(node, method, params)
            except Unsent as failure:
                self._has_failed(node)
                reasons.append(f"{host}: {failure}")
            except Unanswered as failure:
                self._has_failed(node)
                raise UnknownOutcome(
                    f"the transaction went to {host}, which gave {failure}. The chain will tell "
                    "whether it was taken; the same bytes may be sent again."
                ) from failure
            except ErrorReply as reply:
                error = self._refusal(node, reply)
                if not isinstance(error, PermanentChainError | TransientChainError):
                    raise error from None
                refused[node] = error
                if len({host_of(refuser) for refuser in refused}) >= refusals:
                    raise _mildest(refused.values()) from None
            else:
                for refuser, error in refused.items():
                    self.set_aside(refuser, "refuses", f"refuses what {host} takes: {error}")
                return node
        if not refused:
            raise NodesUnreachable(f"nothing was sent: no node was reached ({'; '.join(reasons)})")
        error = _mildest(refused.values())
        raise error if isinstance(error, TransientChainError) else _unconfirmed(error)

    def _refusal(self, node: str, reply: ErrorReply) -> ChainError:
        rule = rule_for(reply.error)
        if rule is not None and rule.blames_node:
            self.leave_alone(node)
        return refusal(reply.error, host_of(node))

    def _has_answered(self, node: str) -> None:
        self._answers[node] += 1
        self._silent_since.pop(node, None)

    def _has_failed(self, node: str) -> None:
        self._failures[node] += 1
        now = self._clock()
        first, last = self._silent_since.get(node, (now, now))
        self._silent_since[node] = (first if now - last < _FORGOTTEN else now, now)
        self.leave_alone(node)

    def leave_alone(self, node: str) -> None:
        """Ask this node last for a while."""
        self._left_alone_until[node] = self._clock() + _LEFT_ALONE

    def set_aside(self, node: str, kind: str, reason: str, *, bar: bool = False) -> None:
        """Leave a node alone that can't be believed, and say so, once in ten minutes.

        Args:
            bar: don't ask it at all meanwhile, even when no other answers.
        """
        now = self._clock()
        self.leave_alone(node)
        if bar:
            self._barred_until[node] = now + _BARRED
        told_at = self._told_at.get((node, kind))
        if told_at is None or now - told_at >= _TOLD_AGAIN:
            self._told_at[node, kind] = now
            self._report(node, reason)

    def _result(self, node: str, method: str, params: str, absent: str) -> Any:
        try:
            return self._told(node, method, params)
        except ErrorReply as reply:
            if absent and re.search(absent, reply.error.quote):
                return None
            raise

    def _told(self, node: str, method: str, params: str) -> Any:
        """What a node says to this, or has said to it among others (`together`)."""
        told = getattr(self._here, "told", {})
        if (node, method, params) not in told:
            return self._wire.call(node, method, params)
        result = told.pop((node, method, params))
        if isinstance(result, ErrorReply):
            raise result
        return result

    def _is_left_alone(self, node: str) -> bool:
        return self._left_alone_until.get(node, self._clock()) > self._clock()

    def _in_order(self) -> list[str]:
        """Good nodes as configured, then the others, the one that failed longest ago first."""
        now = self._clock()
        until = self._left_alone_until
        asked = [node for node in self._addresses if self._barred_until.get(node, now) <= now]
        return sorted(asked, key=lambda node: max(until.get(node, now), now))


def _understood(question: Question, result: Any) -> Any:
    """An answer of a batch; raises `NodesUnreachable`, or `NotServed`, when it is none."""
    if isinstance(result, ErrorReply):
        if not (question.absent and re.search(question.absent, result.error.quote)):
            rule = rule_for(result.error)
            unserved = rule is not None and rule.meaning is Meaning.NOT_SERVED
            raise (NotServed if unserved else NodesUnreachable)(str(result))
        result = None
    try:
        return question.understand(result)
    except _NOT_UNDERSTOOD:
        raise NodesUnreachable(
            f"an answer of an unknown shape about {asked(question.method)}"
        ) from None


def _unconfirmed(error: ChainError) -> NodesDisagree:
    return NodesDisagree(f"{error} No other node could be asked.")


def _mildest(refusals: Iterable[ChainError]) -> ChainError:
    """What several nodes' refusals come to: the shortest wait, if any of them says to wait."""

    def weight(error: ChainError) -> float:
        if not isinstance(error, TransientChainError):
            return math.inf
        return error.retry_after or 0.0

    return min(refusals, key=weight)
