"""Local pictures of a publication, uploaded once each before anything that shows them is signed.

From the records, where intake has put them: so any worker can, whether it has the folder or not.
"""

from pathlib import PurePosixPath

import structlog

from bot.chain.errors import PermanentChainError, TransientChainError
from bot.chain.profiles import NO_HOST
from bot.chain.protocol import Chain, PostingKey
from bot.clock import Clock
from bot.format.pictures import standing, with_addresses
from bot.records import Publication, Records

_WAIT = 30.0  # seconds until it is looked again whether a picture is in the records


class Pictures:
    """Uploads what briefs show."""

    def __init__(self, records: Records, now: Clock, log: structlog.stdlib.BoundLogger) -> None:
        self._records = records
        self._now = now
        self._log = log

    def uploaded(
        self, publication: Publication, chain: Chain, account: str, key: PostingKey
    ) -> str:
        """The operations with the addresses of their pictures, which stand on the host now.

        Args:
            account: whose key it is.

        Raises:
            TransientChainError: the host doesn't answer, or not now; a picture isn't recorded yet.
            PermanentChainError: a picture's record is damaged, or the host refuses it.
        """
        paths = standing(publication.operations)
        digests = dict(publication.shows)
        addresses = {}
        for number, path in enumerate(paths, 1):
            host = chain.profile.image_host
            if not host:
                raise PermanentChainError(NO_HOST.format(chain=chain.profile.name))
            digest = digests.get(path, "")
            address = self._records.picture(host, digest)
            if address is None:
                file = self._records.picture_file(digest)
                if file is None:  # a plan of an older version, which kept none
                    raise TransientChainError(
                        f"the picture {path} isn't in the records yet: a service that has the "
                        "brief's folder puts it there",
                        _WAIT,
                    )
                if not file.is_whole():
                    raise PermanentChainError(
                        f"the record of the picture {path} is damaged: restore a backup of the "
                        "database, or change the brief's file to queue it anew"
                    )
                self._log.info("uploading", picture=path, number=number, of=len(paths))
                address = chain.upload(account, key, PurePosixPath(path).name, file.kind, file.data)
                self._records.remember_picture(host, digest, address, self._now())
            addresses[path] = address
        return with_addresses(publication.operations, addresses)
