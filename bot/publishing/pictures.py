"""Local pictures of a publication, uploaded once each before anything that shows them is signed."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path, PurePosixPath

import structlog

from bot.briefs.pictures import (
    CHANGING,
    Picture,
    PictureRefused,
    read_picture,
    without_metadata,
)
from bot.chain.errors import PermanentChainError, TransientChainError
from bot.chain.protocol import Chain, PostingKey
from bot.format.pictures import standing, with_addresses
from bot.publishing.watch import SLOT, Clock
from bot.records import Records

NO_HOST = "no image host is known for {chain}: set `images` under [chains.{chain}]"


class Pictures:
    """Uploads what briefs show from their queue's folder.

    Args:
        root: that folder.
        strip: what is sent of a picture's file; by default no metadata.
    """

    def __init__(
        self,
        root: Path,
        records: Records,
        now: Clock,
        log: structlog.stdlib.BoundLogger,
        strip: Callable[[Picture], bytes] = without_metadata,
    ) -> None:
        self._root = root
        self._records = records
        self._now = now
        self._log = log
        self._strip = strip

    def uploaded(self, operations: str, chain: Chain, account: str, key: PostingKey) -> str:
        """The operations with the addresses of their pictures, which stand on the host now.

        Args:
            operations: JSON text.
            account: whose key it is.

        Raises:
            TransientChainError: the host doesn't answer, or not now; a picture is being written.
            PermanentChainError: a picture isn't there any more, or the host refuses it.
        """
        paths = standing(operations)
        addresses = {}
        for number, path in enumerate(paths, 1):
            try:
                picture = read_picture(self._root, path)
            except PictureRefused as refused:
                if refused.code == CHANGING:
                    raise TransientChainError(str(refused), SLOT) from None
                raise PermanentChainError(str(refused)) from None
            host = chain.profile.image_host
            if not host:
                raise PermanentChainError(NO_HOST.format(chain=chain.profile.name))
            data = self._strip(picture)
            digest = sha256(data).hexdigest()
            address = self._records.picture(host, digest)
            if address is None:
                self._log.info("uploading", picture=path, number=number, of=len(paths))
                address = chain.upload(account, key, PurePosixPath(path).name, picture.kind, data)
                self._records.remember_picture(host, digest, address, self._now())
            addresses[path] = address
        return with_addresses(operations, addresses)
