"""Whether what `check` says and what the chain does are the same, in both directions."""

import json
import shutil
import tempfile
from pathlib import Path

from bot.briefs import Level, parse
from bot.chain.errors import ChainError, PermanentChainError
from bot.publishing.composer import Composer
from bot.publishing.online import Online
from bot.records.engine import connect, upgrade
from tests.publishing.world import World, _key

# What the chain's own rules refuse (chain-rules §8, R); other errors are for readers' sake: the
# author among the beneficiaries, a blank title, a body like a patch, keys in a text.
CHAIN_REFUSES = {
    "title.bytes",
    "body.empty",
    "body.size",
    "category",
    "key.slug",
    "key.beneficiaries",
    "beneficiaries.account",
    "author.account",
}


class Disagreement(AssertionError):  # noqa: N818  # what happened
    """`check` and the chain say different things."""


class Agreement:
    """One devnet in this process, and the checks before it."""

    def __init__(self):
        self._folder = Path(tempfile.mkdtemp(prefix="briefbot-fuzz-"))
        template = self._folder / "template.db"
        engine = connect(f"sqlite:///{template}", create=True)
        upgrade(engine)
        engine.dispose()
        shutil.copy(template, self._folder / "briefbot.db")
        self._world = World(self._folder / "world", f"sqlite:///{self._folder}/briefbot.db")
        service = self._world.workers[0].service
        self._composer: Composer = service._intake._composer
        self._chain = service._watches["devnet"].chain
        self._world.chain.produce(self._world.chain.head_time + 303)

    def close(self):
        self._world.close()
        shutil.rmtree(self._folder)

    def errors(self, data):
        """Codes of what stands in a brief's way, by `check --online`; and its operations."""
        parsed = parse(data, path="brief.md")
        findings, operations = list(parsed.findings), ()
        if parsed.brief is not None:
            [composition] = self._composer.compose(parsed.brief, self._folder)[:1]
            findings += composition.findings
            operations = composition.operations
            known = composition.chain == "devnet"
            if known and not any(finding.level is Level.ERROR for finding in findings):
                findings += Online({"devnet": self._chain}, _key).findings(composition)
        for finding in findings:
            assert finding.line >= 1, finding
            assert finding.message, finding
            assert finding.code != "internal", finding
        return {finding.code for finding in findings if finding.level is Level.ERROR}, operations

    def refusal(self, operations, author="alice"):
        """Why the chain refuses these operations; None when it takes them. Nothing stays."""
        chain = self._world.chain
        try:
            head = self._chain.head()
            signed = self._chain.sign(operations, _key(author), head, 60)
            self._chain.broadcast(signed)
        except PermanentChainError as error:
            return str(error)
        except ChainError as error:
            return f"later: {error}"
        chain.produce()
        taken = any(trx.id == signed.trx_id for trx in chain.block(chain.head_num).transactions)
        chain.pop(1, lose=True)
        return None if taken else "dropped from the block"

    def what_passes_is_taken(self, data):
        """No traceback; and the chain refuses nothing that `check --online` lets pass."""
        errors, operations = self.errors(data)
        if errors or not operations:
            return
        reason = self.refusal(operations, operations[0][1]["author"])
        if reason is not None:
            raise Disagreement(f"passed, and refused: {reason}\n{json.dumps(operations)[:2000]}")

    def what_is_refused_is_refused(self, data, operations):
        """The chain takes nothing that `check` refuses by a rule of the chain.

        Args:
            operations: what a front end without checks would make of the same.
        """
        errors, _ = self.errors(data)
        if errors & CHAIN_REFUSES and self.refusal(operations) is None:
            raise Disagreement(f"{errors & CHAIN_REFUSES}, and the chain takes it")
