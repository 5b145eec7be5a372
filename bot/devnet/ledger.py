"""The chain's own figures, and the accounts' balances: what moves them, and nothing else does.

All amounts are whole numbers of the smallest unit; divisions round down, as on the chain.
"""

from dataclasses import dataclass
from typing import Any

from bot.devnet.network import Network
from bot.devnet.operations import Amount
from bot.devnet.state import State, Value

HUNDRED_PERCENT = 10_000
REGENERATION = 432_000
"""Seconds in which voting mana and resource credits grow back: five days."""
DOWNVOTE_PERCENT = 2500
FIRST_PRICE = 1_000_000_000
"""Vests for a unit of coin while there are none: a million VESTS a coin, as since hardfork 1."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """One network's figures in one state, at one moment.

    Attributes:
        now: the head block's time, which is all the time that evaluators know (chain-rules §0.2).
    """

    state: State
    network: Network
    now: int

    @property
    def figures(self) -> Value:
        """The dynamic properties."""
        return self.state.need("chain", "figures")

    def note(self, **changes: Any) -> None:
        """Change some of them."""
        self.state.change("chain", "figures", **changes)

    def next_id(self, table: str) -> int:
        """The next object's number."""
        numbers = self.state.get("chain", "numbers") or {}
        number = int(numbers.get(table, 0))
        self.state.put("chain", "numbers", numbers | {table: number + 1})
        return number

    # -- prices -----------------------------------------------------------------------------------

    def to_debt(self, core: int) -> int:
        """Coins in dollars at the median price."""
        base, quote = self.figures["median"]
        return int(core * base // quote)

    def to_core(self, debt: int) -> int:
        """Dollars in coins."""
        base, quote = self.figures["median"]
        return int(debt * quote // base)

    # -- balances ---------------------------------------------------------------------------------

    def pay(self, name: str, amount: Amount, sign: int = 1) -> None:
        """Add to a liquid balance, or take from it."""
        balances = list(self.state.need("accounts", name)["balances"])
        balances[amount.kind] += sign * amount.units
        self.state.change("accounts", name, balances=balances)

    def vest(self, name: str, core: int) -> int:
        """Turn coins into power; returns the vests."""
        figures = self.figures
        shares, fund = figures["vesting_shares"], figures["vesting_fund"]
        vests = core * shares // fund if fund and shares else core * FIRST_PRICE
        self.note(vesting_shares=shares + vests, vesting_fund=fund + core)
        self.gain_vests(name, vests)
        return int(vests)

    def gain_vests(self, name: str, vests: int) -> None:
        """Give power; its mana comes with it (util/manabar.hpp, rc_plugin.cpp)."""
        account = self.state.need("accounts", name)
        self.state.change(
            "accounts",
            name,
            vests=account["vests"] + vests,
            mana=self.mana(account) + vests,
            downvote_mana=self.downvote_mana(account) + vests * DOWNVOTE_PERCENT // HUNDRED_PERCENT,
            mana_at=self.now,
            credits=self.credits(account) + vests,
            credits_at=self.now,
        )

    def reward_vests(self, name: str, core: int) -> int:
        """Owe power to an account until it claims it; returns the vests."""
        figures = self.figures
        shares = figures["vesting_shares"] + figures["pending_vests"]
        fund = figures["vesting_fund"] + figures["pending_vesting_fund"]
        vests = core * shares // fund if fund and shares else core * FIRST_PRICE
        self.note(
            pending_vests=figures["pending_vests"] + vests,
            pending_vesting_fund=figures["pending_vesting_fund"] + core,
        )
        account = self.state.need("accounts", name)
        self.state.change(
            "accounts",
            name,
            reward_vests=account["reward_vests"] + vests,
            reward_vests_core=account["reward_vests_core"] + core,
        )
        return int(vests)

    def reward_debt(self, name: str, core: int) -> tuple[int, int]:
        """Owe dollars for coins, or coins where dollars aren't printed; returns (debt, core)."""
        figures = self.figures
        printed = figures["print_rate"] * core // HUNDRED_PERCENT
        debt, rest = self.to_debt(printed), core - printed
        self.note(
            current_supply=figures["current_supply"] - printed,
            debt_supply=figures["debt_supply"] + debt,
        )
        account = self.state.need("accounts", name)
        self.state.change(
            "accounts",
            name,
            reward_debt=account["reward_debt"] + debt,
            reward_core=account["reward_core"] + rest,
        )
        return debt, rest

    def claim(self, name: str, core: int, debt: int, vests: int) -> None:
        """Move what is owed into the balances (steem_evaluator.cpp, claim_reward_balance)."""
        account = self.state.need("accounts", name)
        vests_core = 0
        if vests:
            everything = vests == account["reward_vests"]
            share = vests * account["reward_vests_core"] // account["reward_vests"]
            vests_core = account["reward_vests_core"] if everything else share
        self.state.change(
            "accounts",
            name,
            reward_core=account["reward_core"] - core,
            reward_debt=account["reward_debt"] - debt,
            reward_vests=account["reward_vests"] - vests,
            reward_vests_core=account["reward_vests_core"] - vests_core,
        )
        self.pay(name, Amount(core, 0))
        self.pay(name, Amount(debt, 1))
        figures = self.figures
        self.note(
            vesting_shares=figures["vesting_shares"] + vests,
            vesting_fund=figures["vesting_fund"] + vests_core,
            pending_vests=figures["pending_vests"] - vests,
            pending_vesting_fund=figures["pending_vesting_fund"] - vests_core,
        )
        self.gain_vests(name, vests)

    # -- mana -------------------------------------------------------------------------------------

    def mana(self, account: Value) -> int:
        """Voting mana now."""
        return self._grown(account["mana"], account["vests"], account["mana_at"])

    def downvote_mana(self, account: Value) -> int:
        """Downvote mana now: a quarter of the power."""
        most = account["vests"] * DOWNVOTE_PERCENT // HUNDRED_PERCENT
        return self._grown(account["downvote_mana"], most, account["mana_at"])

    def credits(self, account: Value) -> int:
        """Resource credits now."""
        return self._grown(account["credits"], account["vests"], account["credits_at"])

    def _grown(self, mana: int, most: int, since: int) -> int:
        elapsed = max(0, self.now - since)
        return int(min(most, mana + most * elapsed // REGENERATION))


def new_figures(network: Network, start: int) -> Value:
    """The figures of a chain that begins.

    A bare network has nothing but coins; the others look like a chain in use: a price, a reward
    fund and claims on it, so that votes are worth something from the first post on.
    """
    used = not network.bare
    return {
        "genesis": start,
        "time": start,
        "aslot": 0,
        "slots_filled": (1 << 128) - 1,
        "current_supply": 250_000_000_000,
        "debt_supply": 0,
        "virtual_supply": 250_000_000_000,
        "vesting_fund": 0,
        "vesting_shares": 0,
        "pending_vests": 0,
        "pending_vesting_fund": 0,
        "reward_balance": 800_000_000 if used else 0,
        "recent_claims": 400_000_000_000_000_000 if used else 0,
        "claims_at": start,
        "treasury": 0,
        "print_rate": HUNDRED_PERCENT,
        "median": [250, 1000] if used else [1, 1],
        "prices": [[250, 1000]] if used else [],
        "published": {},
        "pools": [],
    }
