"""What came of published posts: votes, replies, payouts."""
