"""An edit's body: the whole text, or a patch where that is shorter and certain (§7.5)."""

from diff_match_patch import diff_match_patch


def edit_body(old: str, new: str) -> str:
    """What to send so that `new` stands where `old` stands.

    The chains apply a body that reads as a patch of diff-match-patch to the text that stands there
    (chain-rules §1.2), fuzzily if need be; so a patch is sent only when applying it here gives
    `new` exactly.
    """
    differ = diff_match_patch()
    patch = str(differ.patch_toText(differ.patch_make(old, new)))
    if not patch or len(patch.encode()) >= len(new.encode()):
        return new
    made, applied = differ.patch_apply(differ.patch_fromText(patch), old)
    return patch if made == new and all(applied) else new
