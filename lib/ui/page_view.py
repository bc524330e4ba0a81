"""Draws a page's value: its blocks one by one, as they are made."""

from __future__ import annotations

import html

import streamlit as st

from lib import workspace
from lib.reports import formatting
from lib.reports.choice import ChoiceInput
from lib.reports.context import PageContext
from lib.reports.page import (
    Block,
    Caption,
    Cards,
    ChartBlock,
    Empty,
    ExternalLink,
    Heading,
    IgnoredPart,
    Leaders,
    Link,
    Notice,
    NumberInput,
    PageDefinition,
    Pager,
    PageValue,
    SearchInput,
    SelectInputs,
    SelectParameter,
    Sentences,
    Shares,
    SideBySide,
    Story,
    Suggestion,
    TableBlock,
)
from lib.reports.page_help import metric_topics
from lib.reports.words import Words, formatted
from lib.ui import charts, data_grid, inputs, kpi_cards, markdown, page_layout, url_state


def show(definition: PageDefinition) -> PageContext:
    """Draw a page, and return its context. Where there is nothing to show, say so and end the page."""
    dimension = definition.dimension
    opened = page_layout.opened(dimension) if dimension else None
    subject = (dimension, opened) if dimension and opened else None
    context = page_layout.begin(
        definition.title,
        definition.question,
        (*definition.topics, *metric_topics(workspace.current().catalog)),
        subject,
        is_compared=definition.is_compared,
    )
    title: Words = formatted(formatting.member_name, opened) if opened else definition.title
    question: Words = page_layout.in_detail(dimension) if dimension and opened else definition.question
    drawn: list[Block] = []
    is_complete = False

    def page() -> PageValue:
        # A file may be asked for before the page is drawn to its end, or after a part of it failed.
        blocks = tuple(drawn) if is_complete else tuple(definition.blocks(context))
        return PageValue(title, question, context.shown, blocks)

    page_layout.actions(context, str(title), page)
    for block in definition.blocks(context):
        _draw(context, block)
        drawn.append(block)
    is_complete = True
    return context


def _draw(context: PageContext, block: Block) -> None:
    match block:
        case Cards():
            kpi_cards.draw_cards(block)
        case Leaders():
            kpi_cards.draw_leaders(block)
        case Shares():
            kpi_cards.draw_shares(block)
        case ChartBlock():
            charts.draw_block(context, block)
        case TableBlock():
            data_grid.draw_block(context, block)
        case SideBySide():
            for place, blocks in zip(st.columns(2, gap="large"), (block.left, block.right), strict=True):
                with place:
                    for each in blocks:
                        _draw(context, each)
        case SelectInputs() | SearchInput() | ChoiceInput() | NumberInput():
            _inputs(context, block)
        case _:
            _words(block)


def _inputs(context: PageContext, block: SelectInputs | SearchInput | ChoiceInput | NumberInput) -> None:
    """Draw what a reader chooses, looks for or gives."""
    match block:
        case SelectInputs():
            _selects(context, block)
        case SearchInput():
            _search(context, block)
        case ChoiceInput():
            _choice(block)
        case NumberInput():
            number = block.number
            inputs.whole_number(
                str(number.label), number.most, number.parameter, help=markdown.text(str(number.help)), width=260
            )


def _words(
    block: Notice
    | Sentences
    | Story
    | Suggestion
    | Heading
    | Caption
    | IgnoredPart
    | Empty
    | Link
    | ExternalLink
    | Pager,
) -> None:
    """Draw what is made of words alone, and of what a click on them does."""
    match block:
        case Notice():
            label, words = html.escape(str(block.label)), html.escape(" ".join(map(str, block.sentences)))
            st.html(f'<div class="cb-banner cb-coverage" role="note"><b>{label}</b> {words}</div>')
        case Sentences():
            st.markdown(markdown.text(" ".join(map(str, block.sentences))), help=markdown.text(str(block.help)))
        case Story():
            _story(block)
        case Suggestion():
            st.button(
                markdown.text(str(block.label)),
                key=f"suggested-{block.value}",
                icon=f":material/{block.icon}:",
                on_click=url_state.choose_value,
                args=(block.parameter, block.value),
            )
        case Heading():
            st.subheader(markdown.text(str(block.title)), anchor=False)
        case Caption():
            st.caption(str(block.words))
        case IgnoredPart():
            page_layout.ignored(markdown.text(str(block.words)))
        case Empty():
            page_layout.empty(str(block.what), str(block.hint))
        case Link():
            _link(block)
        case ExternalLink():
            st.link_button(markdown.text(str(block.label)), block.address, icon=f":material/{block.icon}:")
        case Pager():
            _pager(block)


def _pager(block: Pager) -> None:
    """Draw the choice of a page; a link to one that is not there, or is for someone else, leads to the last."""
    if st.session_state["page"] > block.pages:
        st.session_state["page"] = block.pages
        st.rerun()
    inputs.page_number(block.pages, key="page")


def _story(block: Story) -> None:
    sentences = [
        ("", block.change),
        ("cb-chance", f"≈ {block.chance}" if block.chance else None),
        ("cb-mix-effect", block.mix_effect),
        ("", block.parts),
    ]
    paragraphs = "".join(f'<p class="{kind}">{html.escape(str(words))}</p>' for kind, words in sentences if words)
    if block.link is None:
        st.html(f'<div class="cb-told">{paragraphs}</div>')
        return
    with st.container(key="cb-why"):
        st.html(f'<div class="cb-told">{paragraphs}</div>')
        _link(block.link)


def _link(link: Link) -> None:
    label = markdown.text(str(link.label))
    icon = f":material/{link.icon}:"
    st.page_link(f"{link.page}.py", label=label, icon=icon, query_params=list(link.parameters))


def _selects(context: PageContext, block: SelectInputs) -> None:
    """Draw what may be selected in one line; one parameter alone stands by itself."""
    if len(block.selects) == 1 and not block.with_granularity:
        _select(context, block.selects[0])
        return
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        with st.container(horizontal=True, vertical_alignment="bottom", width="content"):
            for select in block.selects:
                _select(context, select)
        if block.with_granularity:
            charts.granularity_toggle()


def _search(context: PageContext, block: SearchInput) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        inputs.text_input(
            str(block.text.label),
            key=block.text.parameter,
            on_change=url_state.first_page,
            icon=":material/search:",
            help=markdown.text(str(block.text.help)),
            width=300,
        )
        for select in block.selects:
            _select(context, select, width=220)
        for each in block.lists:
            labels = dict(each.options(context.catalog))
            inputs.multiselect(
                str(each.label),
                list(labels),
                format_func=lambda value, labels=labels: str(labels[value]),
                key=each.parameter,
                placeholder=str(each.placeholder),
                width=500,
            )


def _choice(block: ChoiceInput) -> None:
    labels, name = dict(block.options), block.choice.parameter
    first = next(iter(labels))
    url_state.default(name, first)
    if st.session_state[name] not in labels:  # the page has said that the link asks for what is not there
        url_state.choose_value(name, first)
    inputs.selectbox(
        str(block.choice.label), list(labels), format_func=lambda value: str(labels[value]), key=name, width=400
    )


def _select(context: PageContext, select: SelectParameter, width: int = 260) -> None:
    url_state.default(select.parameter, select.default)
    labels = dict(select.options(context.catalog))
    if select.as_list:
        inputs.selectbox(
            str(select.label),
            list(labels),
            format_func=lambda value: str(labels[value]),
            key=select.parameter,
            width=width,
        )
        return
    st.segmented_control(
        str(select.label),
        list(labels),
        format_func=lambda value: str(labels[value]),
        key=select.parameter,
        required=True,
        label_visibility="visible" if select.shows_label else "collapsed",
    )
