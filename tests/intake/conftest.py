from tests.publishing.conftest import devnet, newsroom

__all__ = ["devnet", "newsroom"]
