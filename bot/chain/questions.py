"""What nodes are asked, in the words that people are told."""

_QUESTIONS = {
    "account_by_key_api.get_key_references": "a key's accounts",
    "bridge.get_community": "a community",
    "bridge.get_discussion": "a post's replies",
    "condenser_api.get_account_history": "an account's history",
    "condenser_api.get_accounts": "an account",
    "condenser_api.get_block": "a block",
    "condenser_api.get_block_header": "a block's header",
    "condenser_api.get_config": "the chain's id",
    "condenser_api.get_content": "a post",
    "condenser_api.get_content_replies": "a post's replies",
    "condenser_api.get_current_median_history_price": "the witnesses' price of the coin",
    "condenser_api.get_ops_in_block": "a block's payouts",
    "condenser_api.get_reward_fund": "the reward fund",
    "condenser_api.get_dynamic_global_properties": "the chain's head",
    "condenser_api.get_feed_history": "the witnesses' price of the coin",
    "condenser_api.get_reblogged_by": "a post's reblogs",
    "condenser_api.get_ticker": "the chain's internal market",
    "rc_api.find_rc_accounts": "an account's resource credits",
    "rc_api.get_resource_params": "the prices of resource credits",
    "rc_api.get_resource_pool": "the stock of resource credits",
}


def asked(method: str) -> str:
    """What a node is asked for by this method, such as `condenser_api.get_content`."""
    return _QUESTIONS.get(method, "what it was asked")
