"""The editor: a brief as its Markdown file, with a form, findings and the preview beside it."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from bot.briefs import BriefError, filing
from bot.briefs.drafts import Draft, HoldsKey, OtherDraft
from bot.briefs.fields import SHOWN, SWITCHES, Field, fields, with_field
from bot.briefs.filing import BadName, Changed, NotThere
from bot.briefs.fresh import fresh
from bot.briefs.pictures import LARGEST, PictureRefused
from bot.briefs.versions import AROUND, Take, as_shown, merged, parts
from bot.errors import BotError
from bot.reports.preview import Unshowable
from bot.web import editing
from bot.web.editing import Checked, File, Unsaved
from bot.web.failures import failure
from bot.web.forms import Form
from bot.web.pages import N_, page
from bot.web.security import Editor, Visitor
from bot.web.workplace import Here, Workplace

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
"""As every page's, and the preview may stand in a frame."""
_OF_PREVIEW = "; frame-ancestors 'self'; sandbox allow-same-origin"  # no scripts: it runs nothing
_MOST_CHOICES = 100  # changes that are chosen one by one; all others go together
_NAMES: Mapping[str, str] = {
    "title": N_("Title"), "tags": N_("Tags"), "author": N_("Author"), "date": N_("Date"),
    "draft": N_("Draft: not published, whatever else is set"), "series": N_("Series"),
    "slug": N_("Permlink"), "reply_to": N_("Reply to"), "community": N_("Community"),
    "description": N_("Description"), "image": N_("Picture"), "chain": N_("Chain"),
    "expires": N_("Expires"), "timezone": N_("Time zone"), "priority": N_("Priority"),
    "reward": N_("Reward"), "beneficiaries": N_("Beneficiaries"),
    "canonical_url": N_("Canonical address"), "approve": N_("A person must release it"),
    "id": N_("Identity"),
}  # fmt: skip
_FIRST = ("title", "tags", "author", "date", "draft")

routes = APIRouter()


@dataclass(frozen=True, slots=True)
class Sent:
    """What a form of the editor has sent.

    Attributes:
        text: with the form's own fields put into it.
        fingerprint: of the file when the person began.
        name: what a new file is to be called.
        plain: whether the file is to have plain line ends.
        since: the mark of the draft that this goes on from; None where that isn't told.
    """

    text: str
    fingerprint: str
    name: str
    plain: bool
    since: str | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A brief's file as it is, and the draft that whoever asks has of it.

    Attributes:
        draft: its text; None without one.
        draft_mark: what a newer draft goes on from; empty without one.
    """

    file: File
    checked: Checked
    draft: str | None
    draft_mark: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A file that was changed, or made, meanwhile.

    Attributes:
        theirs: what stands in the file now; empty when it is gone.
    """

    detail: str
    theirs: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text made anew, and its front matter as a form."""

    text: str
    fields: tuple[Field, ...] | None


@dataclass(frozen=True, slots=True)
class Saved:
    """Where a brief was saved."""

    path: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A draft that was kept; the next one goes on from this mark."""

    mark: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A body as the platform shows it."""

    fragment: str


@dataclass(frozen=True, slots=True)
class PutPicture:
    """A picture beside a brief, by the name that the brief calls it."""

    name: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the page shows.

    Attributes:
        path: of the brief; empty for a new one.
        is_draft: whether the text comes from a draft, which the preview shows then.
        is_unsaved: whether it differs from the file.
        told: what came of what was asked for, to be translated.
        wrong: whether it failed.
        error: why it failed, as it is.
    """

    path: str
    text: str
    fingerprint: str
    is_plain: bool = True
    reason: str = ""
    name: str = ""
    plain: bool = False
    since: str = ""
    is_draft: bool = False
    is_unsaved: bool = False
    told: str = ""
    wrong: bool = False
    error: str = ""


# -- what forms send, and how errors are told ------------------------------------------------------


def _sent(form: Form) -> Sent:
    if "text" not in form:
        raise HTTPException(400, "the field `text` is missing")
    text = as_shown(form["text"])
    for key in SHOWN:
        before = form.get(f"was.{key}")
        if before is None:
            continue
        now = form.get(f"field.{key}", "false" if key in SWITCHES else "")
        if now.strip() != before and not (key in SWITCHES and before == "" and now == "false"):
            try:
                text = with_field(text, key, now)
            except BriefError as error:
                raise HTTPException(422, str(error)) from None
    return Sent(
        text,
        form.get("fingerprint", ""),
        form.get("name", ""),
        form.get("plain", "") in {"1", "on", "true"},
        form.get("since"),
    )


Wanted = Annotated[Sent, Depends(_sent)]
_TEXT = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["text"],
                    "properties": {
                        name: {"type": "string"}
                        for name in ("text", "path", "fingerprint", "name", "plain", "since",
                                     "key", "value", "code", "line", "csrf")
                    },
                }
            }
        },
    }
}  # fmt: skip
_ERRORS: dict[int | str, dict[str, Any]] = {
    400: failure("A form that can't be read, or a name that no brief can have."),
    404: failure("There is no such brief."),
    422: failure("It can't be done to this text."),
}


def _status(error: BotError) -> int:
    """How HTTP says it."""
    if isinstance(error, BadName):
        return 400
    if isinstance(error, NotThere):
        return 404
    if isinstance(error, Changed | OtherDraft):
        return 409
    if isinstance(error, editing.TooLarge):
        return 413
    if isinstance(error, BriefError | HoldsKey | Unshowable | PictureRefused):
        return 422
    return 503


def _refused(error: BotError) -> HTTPException:
    return HTTPException(_status(error), str(error))


def _path(form: Form) -> str:
    """The brief that a form is about; empty for one without a name."""
    path = form.get("path", "")
    try:
        return filing.existing_name(path) if path else ""
    except BadName as error:
        raise _refused(error) from None


Named = Annotated[str, Depends(_path)]


# -- pages -----------------------------------------------------------------------------------------


@routes.get("/edit/{path:path}", response_class=HTMLResponse, include_in_schema=False)
def edit(request: Request, here: Here, visitor: Editor, path: str, draft: str = "") -> Response:
    """A brief to be edited."""
    try:
        file = editing.file_of(here, path)
    except BotError as error:
        return _nothing(request, here, visitor, path, error)
    sheet = Sheet(path, file.text, file.fingerprint, file.is_plain, file.reason)
    kept = editing.drafts(here).of(visitor.name, path)
    if draft and kept:
        sheet = replace(
            sheet,
            text=kept.text,
            fingerprint=kept.fingerprint,
            since=kept.mark,
            is_draft=True,
            is_unsaved=True,
        )
    elif request.query_params.get("saved"):
        sheet = replace(sheet, told=N_("Saved."))
    return _sheet(request, here, visitor, sheet)


@routes.get("/new", response_class=HTMLResponse, include_in_schema=False)
def new(request: Request, here: Here, visitor: Editor, draft: str = "") -> Response:
    """A new brief."""
    kept = editing.drafts(here).of(visitor.name, "")
    if draft and kept:
        sheet = Sheet(
            "", kept.text, "", name=kept.name, since=kept.mark, is_draft=True, is_unsaved=True
        )
    else:
        config = here.config
        text = fresh("", default_author=config.default_author, timezone=config.timezone)
        sheet = Sheet("", text, "")
    return _sheet(request, here, visitor, sheet)


@routes.post("/new", response_class=HTMLResponse, include_in_schema=False)
def write(request: Request, here: Here, visitor: Editor, form: Form) -> Response:
    """What the form of a new brief asks for."""
    return _act(request, here, visitor, "", form)


@routes.post("/edit/{path:path}", response_class=HTMLResponse, include_in_schema=False)
def rewrite(request: Request, here: Here, visitor: Editor, path: str, form: Form) -> Response:
    """What the form of a brief asks for."""
    return _act(request, here, visitor, path, form)


def _act(
    request: Request, here: Workplace, visitor: Visitor, path: str, form: Mapping[str, str]
) -> Response:
    told = ""
    try:
        try:
            sent = _sent(form)
        except HTTPException as error:
            if "text" not in form:
                raise
            told = str(error.detail)  # the form's own fields couldn't be put into the text
            sent = _sent({key: said for key, said in form.items() if not key.startswith("was.")})
        sheet = _sheet_of(here, path, sent)
    except BotError as error:
        return _nothing(request, here, visitor, path, error)
    if told:
        return _sheet(request, here, visitor, replace(sheet, error=told), 422)
    try:
        return _done(request, here, visitor, sheet, form)
    except Changed as error:
        return _conflict(request, here, visitor, sheet, error)
    except BotError as error:
        return _sheet(request, here, visitor, replace(sheet, error=str(error)), _status(error))


def _done(
    request: Request, here: Workplace, visitor: Visitor, sheet: Sheet, form: Mapping[str, str]
) -> Response:
    """What the button says that was pressed."""
    action, _, rest = form.get("action", "check").partition(":")
    if action == "save":
        return _save(request, here, visitor, sheet)
    if action == "discard":
        editing.drafts(here).discard(visitor.name, sheet.path)
        return RedirectResponse(_address(request, sheet.path), 303)
    if action == "merge":
        sheet = _merged(here, sheet, form)
    if action == "mend":
        code, _, line = rest.rpartition(":")
        data = editing.bytes_of(here, sheet.path, sheet.text, plain=sheet.plain)
        sheet = replace(sheet, text=editing.mended(here, sheet.path, data, code, _number(line)))
    return _sheet(request, here, visitor, _kept(here, visitor, sheet))


def _sheet_of(here: Workplace, path: str, sent: Sent) -> Sheet:
    is_unsaved, is_plain = True, True
    if path:
        try:
            file = editing.file_of(here, path)
            is_unsaved, is_plain = file.text != sent.text, file.is_plain
        except NotThere:
            pass  # it was there when the person began
    return Sheet(
        path,
        sent.text,
        sent.fingerprint,
        is_plain,
        name=sent.name,
        plain=sent.plain,
        since=sent.since or "",
        is_unsaved=is_unsaved,
    )


def _save(request: Request, here: Workplace, visitor: Visitor, sheet: Sheet) -> Response:
    path = sheet.path or editing.name_for(sheet.text, sheet.name)
    data = editing.bytes_of(here, sheet.path, sheet.text, plain=sheet.plain)
    editing.save(here, visitor.name, path, data, sheet.fingerprint)
    if not sheet.path:
        editing.drafts(here).discard(visitor.name, "")
    return RedirectResponse(f"{_address(request, path)}?saved=1", 303)


def _kept(here: Workplace, visitor: Visitor, sheet: Sheet) -> Sheet:
    """The sheet with its text kept as a draft, which the preview shows."""
    draft = _draft(here, visitor, sheet.path, sheet.text, sheet.fingerprint, sheet.name)
    editing.drafts(here).keep(draft, None)
    return replace(sheet, since=draft.mark, is_draft=True)


def _draft(
    here: Workplace, visitor: Visitor, path: str, text: str, fingerprint: str, name: str
) -> Draft:
    return Draft(visitor.name, path, text, fingerprint, here.now(), name)


def _merged(here: Workplace, sheet: Sheet, form: Mapping[str, str]) -> Sheet:
    """One text of the file's and the person's, to be looked at before it is saved."""
    theirs = editing.file_of(here, sheet.path)
    if theirs.fingerprint != sheet.fingerprint:
        raise Changed(sheet.path, filing.content(here.config.posts, sheet.path))
    if theirs.reason:
        raise BotError(f"{sheet.path} can't be edited here: {theirs.reason}")
    taken = {
        _number(name[5:]): _take(said) for name, said in form.items() if name.startswith("take.")
    }
    text = merged(theirs.text, sheet.text, taken, _take(form.get("take", "")))
    told = N_("Look it over, then save it.")
    return replace(sheet, text=text, told=told, is_unsaved=text != theirs.text)


def _number(text: str) -> int:
    """A small number in a form; 0 for anything else."""
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 8 else 0  # noqa: PLR2004


def _take(value: str) -> Take:
    return Take(value) if value in set(Take) else Take.MINE


def _sheet(
    request: Request, here: Workplace, visitor: Visitor, sheet: Sheet, status: int = 200
) -> HTMLResponse:
    found: Checked | None = None
    kept: Draft | None = None
    others: tuple[Draft, ...] = ()
    if not sheet.reason:
        try:
            data = editing.bytes_of(here, sheet.path, sheet.text, plain=sheet.plain)
            found = editing.checked(here, sheet.path, data)
        except editing.TooLarge as error:
            sheet = replace(sheet, error=sheet.error or str(error))
        drafts = editing.drafts(here)
        kept = drafts.of(visitor.name, sheet.path) if not sheet.is_draft else None
        others = drafts.others(visitor.name, sheet.path) if sheet.path else ()
    shown = {field.key: field for field in found.fields or ()} if found else {}
    return page(
        request,
        here,
        visitor,
        "editor.html",
        status=status,
        headers={"Content-Security-Policy": POLICY},
        sheet=sheet,
        checked=found,
        draft=kept if kept and kept.text != sheet.text else None,
        others=others,
        fields=shown,
        names=_NAMES,
        first=_FIRST,
        more=[key for key in SHOWN if key not in _FIRST],
        switches=SWITCHES,
        folder=editing.folder_of(sheet.path or sheet.name or "x"),
        largest=LARGEST,
    )


def _conflict(
    request: Request, here: Workplace, visitor: Visitor, sheet: Sheet, error: Changed
) -> HTMLResponse:
    if not sheet.path:  # a new brief whose name is taken
        sheet = replace(
            sheet,
            told=N_("There is a brief of that name already: choose another name for its file."),
            wrong=True,
        )
        return _sheet(request, here, visitor, sheet, 409)
    if error.is_gone:
        told = N_("The file isn't there any more. Saving makes it anew.")
        sheet = replace(sheet, fingerprint="", told=told, wrong=True)
        return _sheet(request, here, visitor, sheet, 409)
    with suppress(BotError):  # whichever version is chosen, the person's own isn't lost
        sheet = _kept(here, visitor, sheet)
    theirs = editing.file_of(here, sheet.path)
    return page(
        request,
        here,
        visitor,
        "conflict.html",
        status=409,
        sheet=sheet,
        theirs=theirs,
        parts=() if theirs.reason else parts(theirs.text, sheet.text),
        around=AROUND,
        most=_MOST_CHOICES,
        takes=(
            (Take.THEIRS, N_("the file's")),
            (Take.MINE, N_("yours")),
            (Take.BOTH, N_("both, one after the other")),
        ),
    )


def _nothing(
    request: Request, here: Workplace, visitor: Visitor, path: str, error: BotError
) -> HTMLResponse:
    return page(
        request, here, visitor, "no_brief.html", status=_status(error), name=path, told=str(error)
    )


def _address(request: Request, path: str) -> str:
    root = str(request.scope.get("root_path", ""))
    return f"{root}/edit/{quote(path)}" if path else f"{root}/new"


@routes.get("/preview", response_class=HTMLResponse, include_in_schema=False)
@routes.get("/preview/{path:path}", response_class=HTMLResponse, include_in_schema=False)
def look(
    request: Request, here: Here, visitor: Editor, path: str = "", of: str = "file"
) -> Response:
    """The page of `briefbot preview`, for the editor's frame: of the file, or of one's draft."""
    kept = editing.drafts(here).of(visitor.name, path) if of == "draft" else None
    try:
        if kept:
            data = editing.bytes_of(here, path, kept.text, plain=False)
        else:
            data = filing.content(here.config.posts, path) if path else b""
        made = editing.preview(here, path, data)
        told = made.page(here.now(), findings=False)
    except BotError as error:
        words = str(error) if path or kept else ""
        headers = {
            "Content-Security-Policy": POLICY.replace("ancestors 'none'", "ancestors 'self'")
        }
        return page(
            request,
            here,
            visitor,
            "unshown.html",
            status=200 if isinstance(error, Unshowable) else _status(error),
            headers=headers | {"X-Frame-Options": "SAMEORIGIN"},
            told=words,
        )
    headers = {
        "Content-Security-Policy": made.policy + _OF_PREVIEW,
        "X-Frame-Options": "SAMEORIGIN",
    }
    return HTMLResponse(told, headers=headers)


# -- the same for scripts and programs -------------------------------------------------------------


@routes.get("/api/v1/briefs/file/{path:path}", responses=_ERRORS)
def read_file(here: Here, visitor: Editor, path: str) -> Opened:
    """A brief's file with its fingerprint, what there is to say of it, and one's draft of it."""
    try:
        file = editing.file_of(here, path)
        data = filing.content(here.config.posts, path)
        found = Checked((), None, ()) if file.reason else editing.checked(here, path, data)
    except BotError as error:
        raise _refused(error) from None
    kept = editing.drafts(here).of(visitor.name, path)
    return Opened(file, found, kept.text if kept else None, kept.mark if kept else "")


@routes.post("/api/v1/briefs/check", responses=_ERRORS, openapi_extra=_TEXT)
def check_text(here: Here, _: Editor, path: Named, sent: Wanted) -> Checked:
    """What `briefbot check` says of a text, and its front matter as a form."""
    try:
        data = editing.bytes_of(here, path, sent.text, plain=sent.plain)
        return editing.checked(here, path, data)
    except BotError as error:
        raise _refused(error) from None


@routes.post("/api/v1/briefs/field", responses=_ERRORS, openapi_extra=_TEXT)
def set_field(_: Editor, form: Form, sent: Wanted) -> Text:
    """A text with another `value` of the `key`, every other character as it is."""
    key = form.get("key", "")
    if key not in SHOWN:
        raise HTTPException(422, "no such key can be set: see `fields` of a check")
    try:
        made = with_field(sent.text, key, form.get("value", ""))
    except BriefError as error:
        raise _refused(error) from None
    return Text(made, fields(made))


@routes.post("/api/v1/briefs/fix", responses=_ERRORS, openapi_extra=_TEXT)
def fix_text(here: Here, _: Editor, path: Named, form: Form, sent: Wanted) -> Text:
    """A text with what the finding `code` in `line` offers done."""
    line = _number(form.get("line", ""))
    try:
        data = editing.bytes_of(here, path, sent.text, plain=sent.plain)
        made = editing.mended(here, path, data, form.get("code", ""), line)
    except BotError as error:
        raise HTTPException(422, str(error)) from None
    return Text(made, fields(made))


@routes.post("/api/v1/briefs/preview", responses=_ERRORS, openapi_extra=_TEXT)
def preview_text(here: Here, _: Editor, path: Named, sent: Wanted) -> Shown:
    """A text's body as HTML, as `briefbot preview --fragment` gives it."""
    try:
        data = editing.bytes_of(here, path, sent.text, plain=sent.plain)
        return Shown(editing.preview(here, path, data).fragment())
    except BotError as error:
        raise _refused(error) from None


@routes.post(
    "/api/v1/briefs/save",
    responses=_ERRORS
    | {409: {"model": Conflict, "description": "The file was changed, or made, meanwhile."}},
    openapi_extra=_TEXT,
    response_model=Saved,
)
def save_text(here: Here, visitor: Editor, path: Named, sent: Wanted) -> Saved | Response:
    """Write a brief's file, as long as it has the `fingerprint` that one began with.

    Without `path` a new file is made, called `name` or after its title.
    """
    where = path
    try:
        where = path or editing.name_for(sent.text, sent.name)
        data = editing.bytes_of(here, path, sent.text, plain=sent.plain)
        mark = editing.save(here, visitor.name, where, data, sent.fingerprint if path else "")
        if not path:
            editing.drafts(here).discard(visitor.name, "")
    except Changed as error:
        try:
            theirs = File(where, "", "") if error.is_gone else editing.file_of(here, where)
        except BotError:
            theirs = File(where, "", "")
        conflict = Conflict(str(error), theirs.text, theirs.fingerprint)
        return JSONResponse(jsonable_encoder(conflict), 409)
    except BotError as error:
        raise _refused(error) from None
    return Saved(where, mark)


@routes.get("/api/v1/briefs/drafts")
def list_drafts(here: Here, visitor: Editor) -> list[Unsaved]:
    """What whoever asks has begun and not saved, the latest first."""
    found = editing.drafts(here).all_of(visitor.name)
    return [Unsaved(draft.path, draft.saved_at) for draft in found]


@routes.post(
    "/api/v1/briefs/draft",
    responses=_ERRORS | {409: failure("Another window has kept a draft meanwhile.")},
    openapi_extra=_TEXT,
)
def keep_draft(here: Here, visitor: Editor, path: Named, sent: Wanted) -> Kept:
    """Keep a text that isn't saved, for whoever asks; with `since` only in place of that one."""
    draft = _draft(here, visitor, path, sent.text, sent.fingerprint, sent.name)
    try:
        editing.bytes_of(here, path, sent.text, plain=True)
        editing.drafts(here).keep(draft, sent.since)
    except BotError as error:
        raise _refused(error) from None
    return Kept(draft.mark)


@routes.post("/api/v1/briefs/draft/discard", status_code=204, responses=_ERRORS)
def discard_draft(here: Here, visitor: Editor, path: Named) -> Response:
    """Forget one's draft of a brief."""
    try:
        editing.drafts(here).discard(visitor.name, path)
    except BotError as error:
        raise _refused(error) from None
    return Response(status_code=204)


async def _picture(request: Request) -> bytes:
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > LARGEST:
            raise HTTPException(413, f"a picture has at most {LARGEST:,} bytes; make it smaller")
    return bytes(data)


@routes.put(
    "/api/v1/briefs/pictures",
    responses=_ERRORS,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
def put_picture(
    here: Here,
    visitor: Editor,
    data: Annotated[bytes, Depends(_picture)],
    folder: Annotated[str, Query(max_length=500)] = "",
    name: Annotated[str, Query(max_length=500)] = "",
) -> PutPicture:
    """Put a PNG, JPEG, GIF or WebP into a folder of the queue, under a name that is free there."""
    try:
        made = filing.put_picture(here.config.posts, folder, name, data)
    except BotError as error:
        raise _refused(error) from None
    here.log.info("picture_saved", path=f"{folder}/{made}" if folder else made, by=visitor.name)
    return PutPicture(made)
