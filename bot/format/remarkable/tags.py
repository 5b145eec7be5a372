"""`<…>` in a line: addresses of known schemes, and tags of HTML; anything else is text.

Every rule has markdown-it's signature: (state, silent), and says whether it matched.
"""

import re

from bot.format.remarkable.links import State, encoded, is_wanted

_AUTOMATIC = re.compile(r"<([a-zA-Z.-]{1,25}):([^<>\x00-\x20]*+)>")
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_MAIL = re.compile(rf"<([a-zA-Z0-9.!#$%&'*+/=?^_`{{|}}~-]++@{_LABEL}(?:\.{_LABEL})*)>")
_SCHEMES = frozenset(
    [
        "aaa", "aaas", "about", "acap", "adiumxtra", "afp", "afs", "aim", "apt", "attachment", "aw",
        "beshare", "bitcoin", "bolo", "callto", "cap", "chrome", "chrome-extension", "cid", "coap",
        "com-eventbrite-attendee", "content", "crid", "cvs", "data", "dav", "dict",
        "dlna-playcontainer", "dlna-playsingle", "dns", "doi", "dtn", "dvb", "ed2k", "facetime",
        "feed", "file", "finger", "fish", "ftp", "geo", "gg", "git", "gizmoproject", "go", "gopher",
        "gtalk", "h323", "hcp", "http", "https", "iax", "icap", "icon", "im", "imap", "info", "ipn",
        "ipp", "irc", "irc6", "ircs", "iris", "iris.beep", "iris.lwz", "iris.xpc", "iris.xpcs",
        "itms", "jar", "javascript", "jms", "keyparc", "lastfm", "ldap", "ldaps", "magnet",
        "mailto", "maps", "market", "message", "mid", "mms", "ms-help", "msnim", "msrp", "msrps",
        "mtqp", "mumble", "mupdate", "mvn", "news", "nfs", "ni", "nih", "nntp", "notes", "oid",
        "opaquelocktoken", "palm", "paparazzi", "platform", "pop", "pres", "proxy", "psyc", "query",
        "res", "resource", "rmi", "rsync", "rtmp", "rtsp", "secondlife", "service", "session",
        "sftp", "sgn", "shttp", "sieve", "sip", "sips", "skype", "smb", "sms", "snmp", "soap.beep",
        "soap.beeps", "soldat", "spotify", "ssh", "steam", "svn", "tag", "teamspeak", "tel",
        "telnet", "tftp", "things", "thismessage", "tip", "tn3270", "tv", "udp", "unreal", "urn",
        "ut2004", "vemmi", "ventrilo", "view-source", "webcal", "ws", "wss", "wtai", "wyciwyg",
        "xcon", "xcon-userid", "xfire", "xmlrpc.beep", "xmlrpc.beeps", "xmpp", "xri", "ymsgr",
        "z39.50r", "z39.50s",
    ]
)  # fmt: skip
"""CommonMark's list of 2014; those with a digit can't match, there as here."""

# A tag's name is letters and digits: <pad-host> and <file_name> are text.
_VALUE = r"(?:[^\"'=<>`\x00-\x20]++|'[^']*+'|\"[^\"]*+\")"
_GIVEN = rf"\s++[a-zA-Z_:][a-zA-Z0-9:._-]*+(?:\s*+=\s*+{_VALUE})?+"
_TAG = re.compile(rf"<[A-Za-z][A-Za-z0-9]*+(?:{_GIVEN})*+\s*+/?>|</[A-Za-z][A-Za-z0-9]*+\s*+>")
_DECLARATION = re.compile(r"<![A-Z]++\s")


def automatic_link(state: State, silent: bool) -> bool:  # noqa: FBT001
    """`<http://…>` and `<name@example.org>`."""
    found = _AUTOMATIC.match(state.src, state.pos)
    if found:
        if found[1].lower() not in _SCHEMES:
            return False
        address = shown = found[0][1:-1]
    elif found := _MAIL.match(state.src, state.pos):
        shown = found[1]
        address = f"mailto:{shown}"
    else:
        return False
    if not is_wanted(address):
        return False
    if not silent:
        state.push("link_open", "a", 1).attrs = {"href": encoded(address)}
        state.push("text", "", 0).content = shown
        state.push("link_close", "a", -1)
    state.pos = found.end()
    return True


def html_tag(state: State, silent: bool) -> bool:  # noqa: FBT001
    """A tag, a processing instruction, a declaration or a CDATA section."""
    end = _end(state)
    if end < 0 or state.pos + 2 >= state.posMax:
        return False
    if not silent:
        state.push("html_inline", "", 0).content = state.src[state.pos : end]
    state.pos = end
    return True


def _end(state: State) -> int:
    text, pos = state.src, state.pos
    if found := _TAG.match(text, pos):
        return found.end()
    if text.startswith("<?", pos):
        end = text.find("?>", pos + 2)
        line_end = text.find("\n", pos)
        return end + 2 if end >= 0 and not 0 <= line_end < end else -1
    if text.startswith("<![CDATA[", pos):
        end = text.find("]]>", pos)
        return end + 3 if end >= 0 else -1
    if found := _DECLARATION.match(text, pos):
        return text.find(">", found.end()) + 1 or -1
    return -1
