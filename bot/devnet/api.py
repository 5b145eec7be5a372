"""Which API and method answers a call, and what a call to none of them is told (§2.4, §5)."""

from collections.abc import Callable
from typing import Any

from bot.devnet.appbase import WITHOUT_ARGUMENTS, Appbase
from bot.devnet.bridge import Bridge
from bot.devnet.chain import DevnetChain
from bot.devnet.communities import Communities
from bot.devnet.condenser import Condenser
from bot.devnet.faults import failed, parse_error
from bot.devnet.methods import Method
from bot.devnet.variant import as_array, as_object


class Api:
    """One chain's methods. condenser_api's take a list, all others an object."""

    def __init__(self, chain: DevnetChain, now: Callable[[], float]) -> None:
        self._condenser = Condenser(chain).methods
        self._others: dict[str, Method] = (
            Appbase(chain, now).methods | Bridge(chain).methods | Communities(chain).methods
        )
        self._apis = {name.partition(".")[0] for name in self._others} | {"condenser_api"}

    def call(self, api: str, method: str, params: Any) -> Any:
        """Answer one call.

        Raises:
            Fault: unknown method, wrong arguments, or a rule's refusal.
            Refusal: hivemind's.
        """
        if api not in self._apis:
            test, text = "api_itr != _registered_apis.end()", "Could not find API ${api}"
            raise failed(test, text, -32002, api=api)
        if api == "condenser_api":
            if method in self._condenser:
                return self._positional(method, params)
        elif answer := self._others.get(f"{api}.{method}"):
            if f"{api}.{method}" in WITHOUT_ARGUMENTS:
                params = {}
            return _answer(answer, as_object(params))
        test, text = "method_itr != api_itr->second.end()", "Could not find method ${method}"
        raise failed(test, text, -32002, method=method)

    def _positional(self, method: str, params: Any) -> Any:
        counts, answer = self._condenser[method]
        if len(as_array(params)) not in counts:
            test = " || ".join(f"args.size() == {count}" for count in counts)
            # the source writes #s where it means #n (condenser_api.cpp:28)
            wanted = "#s argument(s)" if len(counts) == 1 else "1-2 arguments"
            text = f"Expected {wanted}, was ${{n}}"
            raise failed(test, text, -32003, n=len(params))
        return _answer(answer, params)


def _answer(answer: Method, params: Any) -> Any:
    try:
        return answer(params)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise parse_error((f"Couldn't read the arguments: {error}", {})) from error
