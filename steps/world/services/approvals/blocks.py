"""Block Kit: what a message may hold (CONTRACTS §3). A subset of Slack's blocks, with Slack's own limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

BlockId = Annotated[str, Field(min_length=1, max_length=255)]


class InvalidMessage(Exception):
    """Slack would refuse the message; `code` is its word for why, the message says where."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code


class NotCovered(Exception):
    """Slack may take the message, the double does not; the message says what is in it."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class PlainText(_Part):
    """Text without formatting."""

    type: Literal["plain_text"]
    text: str = Field(min_length=1, max_length=3000)
    emoji: bool = True


class Mrkdwn(_Part):
    """Text with Slack's formatting."""

    type: Literal["mrkdwn"]
    text: str = Field(min_length=1, max_length=3000)
    verbatim: bool = False


Text = Annotated[PlainText | Mrkdwn, Field(discriminator="type")]


def _at_most(limit: int) -> Any:
    """A text object that is shorter than texts are elsewhere."""

    def check(text: PlainText | Mrkdwn) -> PlainText | Mrkdwn:
        if len(text.text) > limit:
            raise ValueError(f"must be no more than {limit} characters")
        return text

    return AfterValidator(check)


class Confirm(_Part):
    """The question that Slack asks before it takes a click."""

    title: Annotated[PlainText, _at_most(100)]
    text: Annotated[Text, _at_most(300)]
    confirm: Annotated[PlainText, _at_most(30)]
    deny: Annotated[PlainText, _at_most(30)]
    style: Literal["primary", "danger"] | None = None


class Button(_Part):
    """A button; a click on it is told to the app."""

    type: Literal["button"]
    text: Annotated[PlainText, _at_most(75)]
    action_id: str = Field(default="", max_length=255)
    value: str | None = Field(default=None, max_length=2000)
    url: str | None = Field(default=None, max_length=3000)
    style: Literal["primary", "danger"] | None = None
    confirm: Confirm | None = None
    accessibility_label: str | None = Field(default=None, max_length=75)


class Image(_Part):
    """A picture, by itself or among other elements."""

    type: Literal["image"]
    image_url: str = Field(max_length=3000)
    alt_text: str = Field(max_length=2000)


class ImageBlock(Image):
    """A picture as a block of its own."""

    title: PlainText | None = None
    block_id: BlockId | None = None


class Header(_Part):
    """A heading."""

    type: Literal["header"]
    text: Annotated[PlainText, _at_most(150)]
    block_id: BlockId | None = None


class Section(_Part):
    """Text, fields side by side, or both."""

    type: Literal["section"]
    text: Text | None = None
    fields: list[Annotated[Text, _at_most(2000)]] | None = Field(default=None, min_length=1, max_length=10)
    accessory: Annotated[Button | Image, Field(discriminator="type")] | None = None
    expand: bool = False
    block_id: BlockId | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Section:
        if self.text is None and self.fields is None:
            raise ValueError("must have text or fields")
        return self


class Actions(_Part):
    """Buttons in a row."""

    type: Literal["actions"]
    elements: list[Button] = Field(min_length=1, max_length=25)
    block_id: BlockId | None = None

    @model_validator(mode="after")
    def _tells_buttons_apart(self) -> Actions:
        given = [button.action_id for button in self.elements if button.action_id]
        if len(given) != len(set(given)):
            raise ValueError("must not use an action_id twice")
        return self


class ContextBlock(_Part):
    """Small print."""

    type: Literal["context"]
    elements: list[Annotated[PlainText | Mrkdwn | Image, Field(discriminator="type")]] = Field(
        min_length=1, max_length=10
    )
    block_id: BlockId | None = None


class Style(_Part):
    """How a piece of rich text looks."""

    bold: bool = False
    italic: bool = False
    strike: bool = False
    underline: bool = False
    code: bool = False
    highlight: bool = False
    client_highlight: bool = False
    unlink: bool = False


class _Piece(_Part):
    style: Style | None = None


class RichText(_Piece):
    """A piece of text in one style."""

    type: Literal["text"]
    text: str = Field(min_length=1)


class RichLink(_Piece):
    """A link; without a text it shows its address."""

    type: Literal["link"]
    url: str = Field(min_length=1)
    text: str | None = None
    unsafe: bool | None = None


class RichEmoji(_Piece):
    """An emoji by its name."""

    type: Literal["emoji"]
    name: str = Field(min_length=1)
    unicode: str | None = None


class RichUser(_Piece):
    """Somebody who is mentioned."""

    type: Literal["user"]
    user_id: str = Field(min_length=1)


class RichUserGroup(_Piece):
    """A group that is mentioned."""

    type: Literal["usergroup"]
    usergroup_id: str = Field(min_length=1)


class RichChannel(_Piece):
    """A channel that is mentioned."""

    type: Literal["channel"]
    channel_id: str = Field(min_length=1)


class RichBroadcast(_Piece):
    """All who are mentioned together."""

    type: Literal["broadcast"]
    range: Literal["here", "channel", "everyone"]


class RichDate(_Piece):
    """A time, as each reader's zone has it."""

    type: Literal["date"]
    timestamp: int
    format: str = Field(min_length=1)
    url: str | None = None
    fallback: str | None = None


class RichColor(_Part):
    """A colour that is shown."""

    type: Literal["color"]
    value: str = Field(min_length=1)


Piece = Annotated[
    RichText | RichLink | RichEmoji | RichUser | RichUserGroup | RichChannel | RichBroadcast | RichDate | RichColor,
    Field(discriminator="type"),
]


class RichSection(_Part):
    """A paragraph of rich text."""

    type: Literal["rich_text_section"]
    elements: list[Piece]


class RichQuote(_Part):
    """Rich text that is quoted, or shown as it was typed."""

    type: Literal["rich_text_quote", "rich_text_preformatted"]
    elements: list[Piece]
    border: Literal[0, 1] | None = None
    language: str | None = None


class RichList(_Part):
    """A list of paragraphs."""

    type: Literal["rich_text_list"]
    style: Literal["bullet", "ordered"]
    elements: list[RichSection]
    indent: int | None = Field(default=None, ge=0)
    offset: int | None = Field(default=None, ge=0)
    border: Literal[0, 1] | None = None


class RichTextBlock(_Part):
    """Text that is formatted without any markup in it."""

    type: Literal["rich_text"]
    elements: list[Annotated[RichSection | RichQuote | RichList, Field(discriminator="type")]]
    block_id: BlockId | None = None


class Markdown(_Part):
    """Text in Markdown."""

    type: Literal["markdown"]
    text: str = Field(min_length=1, max_length=12_000)
    block_id: BlockId | None = None


class Divider(_Part):
    """A line."""

    type: Literal["divider"]
    block_id: BlockId | None = None


PARAGRAPHS = ("rich_text_section", "rich_text_quote", "rich_text_preformatted")
"""Rich text whose pieces are read as one."""

Block = Annotated[
    Header | Section | Actions | ContextBlock | Divider | ImageBlock | RichTextBlock | Markdown,
    Field(discriminator="type"),
]

_BLOCKS = TypeAdapter(Annotated[list[Block], Field(max_length=50)])

UNCOVERED_BLOCKS: tuple[str, ...] = (
    "alert",
    "auth_provider",
    "call",
    "card",
    "carousel",
    "container",
    "context_actions",
    "input",
    "plan",
    "table",
    "task_card",
    "video",
)
"""What Slack has besides for a message (slack_sdk 3.48, models/blocks)."""
UNCOVERED_ELEMENTS: tuple[str, ...] = (
    "channels_select",
    "checkboxes",
    "conversations_select",
    "datepicker",
    "datetimepicker",
    "external_select",
    "overflow",
    "radio_buttons",
    "static_select",
    "timepicker",
    "users_select",
    "workflow_button",
)
"""What else Slack has among buttons, and beside the text of a section."""
UNCOVERED_BESIDE_TEXT: tuple[str, ...] = (
    *UNCOVERED_ELEMENTS,
    "multi_channels_select",
    "multi_conversations_select",
    "multi_external_select",
    "multi_static_select",
    "multi_users_select",
)


def checked(blocks: Any) -> list[Block]:
    """The blocks of a message, if Slack takes them. Raises InvalidMessage (`invalid_blocks`), or NotCovered."""
    if what := next(_uncovered(blocks), None):
        raise NotCovered(what)
    try:
        found = _BLOCKS.validate_python(blocks)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InvalidMessage("invalid_blocks", f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    given = [block.block_id for block in found if block.block_id]
    if len(given) != len(set(given)):
        raise InvalidMessage("invalid_blocks", "a block_id is there twice")
    return found


def _uncovered(blocks: Any) -> Iterator[str]:
    """What is in the blocks, which may be anything, that Slack has and this is no model of."""
    for block in _objects(blocks):
        kind = block.get("type")
        if kind in UNCOVERED_BLOCKS:
            yield f"a block of type {kind}"
        inner: list[tuple[dict[str, Any], tuple[str, ...]]]
        inner = [(one, UNCOVERED_ELEMENTS) for one in _objects(block.get("elements")) if kind == "actions"]
        inner += [(one, UNCOVERED_BESIDE_TEXT) for one in _objects([block.get("accessory")]) if kind == "section"]
        yield from (f"an element of type {one['type']}" for one, types in inner if one.get("type") in types)
        pictures = [block, *_objects(block.get("elements")), *_objects([block.get("accessory")])]
        if any(one.get("type") == "image" and "slack_file" in one for one in pictures):
            yield "an image that is a slack_file"


def _objects(value: Any) -> list[dict[str, Any]]:
    """The objects of what should be a list of them."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def buttons_of(blocks: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every button of a message's blocks as it was sent, each with its block."""
    for block in blocks:
        for element in [*block.get("elements", ()), block.get("accessory")]:
            if isinstance(element, dict) and element.get("type") == "button":
                yield block, element


def texts_of(part: Any) -> Iterator[str]:
    """Every text that a person reads in a part of a message."""
    if isinstance(part, list):
        for one in part:
            yield from texts_of(one)
    elif isinstance(part, dict) and part.get("type") in PARAGRAPHS:
        yield "".join(piece.get("text") or piece.get("url") or "" for piece in part["elements"])
    elif isinstance(part, dict):
        for name, one in part.items():
            if name == "text" and isinstance(one, str):
                yield one
            else:
                yield from texts_of(one)
