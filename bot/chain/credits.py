"""What a post costs in resource credits on Steem, by a node's own figures (chain-rules §3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from bot.chain.protocol import Operation

_BLOCKS_OF_REGENERATION = 144_000  # five days of blocks
_FIXED_SIZES: Mapping[str, str] = {"vote": "comment_vote_object_base_size"}


@dataclass(frozen=True, slots=True)
class CreditPrices:
    """What each resource costs now.

    Attributes:
        resources: name to (price, unit, divisor): `price · count · unit // divisor + 1` credits.
        state: bytes that objects take of the chain's state, by the name of the figure.
        time: execution time by operation.
    """

    resources: Mapping[str, tuple[int, int, int]]
    state: Mapping[str, int]
    time: Mapping[str, int]

    def figures(self) -> dict[str, dict[str, Any]]:
        """All figures, as JSON can hold them."""
        resources = {name: list(price) for name, price in self.resources.items()}
        return {"resources": resources, "state": dict(self.state), "time": dict(self.time)}

    @classmethod
    def of(cls, told: Mapping[str, Mapping[str, Any]]) -> Self:
        """Prices by their `figures`."""
        resources = {name: (a, b, c) for name, (a, b, c) in told["resources"].items()}
        return cls(resources, told["state"], told["time"])

    def cost(self, operations: Sequence[Operation], size: int) -> int | None:
        """Credits for a transaction of `size` bytes with these operations.

        None where the node doesn't tell all the figures.
        """
        try:
            return self._cost(operations, size)
        except KeyError:
            return None

    def _cost(self, operations: Sequence[Operation], size: int) -> int:
        state = self.state["transaction_object_base_size"]
        state += self.state["transaction_object_byte_size"] * size
        state += sum(self._state(name, fields) for name, fields in operations)
        time = sum(self.time[f"{name}_operation_exec_time"] for name, _ in operations)
        used = {"history_bytes": size, "state_bytes": state, "execution_time": time}
        total = 0
        for name, count in used.items():
            price, unit, divisor = self.resources[f"resource_{name}"]
            total += price * count * unit // divisor + 1
        return total

    def _state(self, name: str, fields: Mapping[str, Any]) -> int:
        if name == "comment":
            return (
                self.state["comment_object_base_size"]
                + self.state["comment_object_permlink_char_size"] * len(fields["permlink"])
                + self.state["comment_object_parent_permlink_char_size"]
                * len(fields["parent_permlink"])
            )
        if name == "comment_options":
            shares = [value["beneficiaries"] for kind, value in fields["extensions"] if kind == 0]
            count = len(shares[0]) if shares else 0
            return self.state["comment_object_beneficiaries_member_size"] * count
        return self.state[_FIXED_SIZES[name]]


def read_prices(params: Any, pools: Any, figures: Any) -> CreditPrices:
    """From `rc_api.get_resource_params`, `get_resource_pool` and the chain's global properties."""
    vests = str(figures["total_vesting_shares"]).partition(" ")[0]
    regeneration = _figure(vests.replace(".", "")) // _BLOCKS_OF_REGENERATION
    resources = {}
    for name, told in params["resource_params"].items():
        curve = told["price_curve_params"]
        pool = max(int(pools["resource_pool"][name]["pool"]), 0)
        price = (regeneration * _figure(curve["coeff_a"]) >> _figure(curve["shift"])) + 1
        unit = _figure(told["resource_dynamics_params"]["resource_unit"])
        divisor = _figure(curve["coeff_b"]) + pool
        if divisor == 0:
            raise ValueError("no price")
        resources[name] = (price, unit, divisor)
    sizes = params["size_info"]
    state, time = (
        {name: _figure(told) for name, told in sizes[which].items()}
        for which in ("resource_state_bytes", "resource_execution_time")
    )
    return CreditPrices(resources, state, time)


def _figure(value: Any) -> int:
    """A number of the chain: none needs more than 128 bits, and none is negative."""
    number = int(value)
    if not 0 <= number < 2**128:
        raise ValueError("no such figure")
    return number
