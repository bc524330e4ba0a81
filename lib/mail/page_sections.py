"""A page's blocks as the sections of a mail, one below the other, in the language in use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lib.catalog.metrics import Unit
from lib.i18n import number, t
from lib.mail.app_links import AppLinks, outside
from lib.mail.chart_pictures import ChartPictures
from lib.mail.model import (
    MailBody,
    MailCard,
    MailCards,
    MailLink,
    MailLinks,
    MailNotice,
    MailPassage,
    MailSection,
    MailShare,
    MailShares,
)
from lib.mail.table_layout import mail_table
from lib.mail.texts import say
from lib.reports import catalog_words, formatting
from lib.reports.leads import with_leads
from lib.reports.page import (
    Block,
    Caption,
    Cards,
    ChartBlock,
    Empty,
    ExternalLink,
    Heading,
    Leader,
    Leaders,
    Link,
    MetricCard,
    Notice,
    PageValue,
    Sentences,
    Shares,
    Story,
    TableBlock,
)


@dataclass(frozen=True, slots=True)
class PageSections:
    """Makes the sections of a page: `links` lead into the app, `pictures` draws charts."""

    links: AppLinks
    pictures: ChartPictures

    def of(self, page: PageValue) -> Iterator[MailSection]:
        """Yield the sections; a heading of the page goes to what follows it, and is not said twice."""
        heading = before = ""
        for block, lead in with_leads(_without_pages(page.flat)):
            if isinstance(block, Heading):
                heading = say(block.title)
                continue
            for section in self._sections(block, tuple(map(say, lead))):
                if isinstance(block, TableBlock):  # the table of a chart may be called as the chart is
                    title = heading or section.heading
                    yield replace(section, heading="" if title == before else title)
                elif not section.heading:
                    yield replace(section, heading=heading)
                else:
                    if heading and heading != section.heading:
                        yield MailSection(heading)
                    yield section
                heading, before = "", heading or section.heading or before

    def _sections(self, block: Block, lead: tuple[str, ...]) -> Iterator[MailSection]:
        if isinstance(block, ChartBlock):
            picture = self.pictures.add(block.figure, say(block.title))
            if picture is not None:
                yield MailSection(say(block.title), lead, picture)
            elif lead:
                yield MailSection(body=MailPassage(lead))
        elif isinstance(block, TableBlock):
            yield MailSection(say(block.table.title), body=mail_table(block, self.links))
        elif isinstance(block, Shares):
            if any(share.count for share in block.shares):
                yield MailSection(say(block.title), body=_shares(block))
        elif (body := self._body(block)) is not None:
            yield MailSection(body=body)

    def _body(self, block: Block) -> MailBody | None:
        """Return what stands in a section without a title of its own; None for inputs, which no mail has."""
        match block:
            case Cards():
                return MailCards(tuple(map(metric_card, block.cards)))
            case Leaders():
                return MailCards(tuple(map(self._leader, block.leaders)))
            case Caption(printed=True):
                return MailPassage((say(block.words),), is_caption=True)
            case Empty():
                return MailNotice(say(block.what), (say(block.hint),))
            case Notice():
                return MailNotice(say(block.label), tuple(map(say, block.sentences)))
            case Sentences():
                return MailPassage(tuple(map(say, block.sentences)))
            case Story():
                return self._story(block)
            case Link():
                return _links(say(block.label), self.links.page(block))
            case ExternalLink():
                return _links(say(block.label), outside(block))
        return None

    def _leader(self, leader: Leader) -> MailCard:
        url = self.links.page(leader.link)
        return MailCard(say(leader.label), say(leader.name), (say(leader.note),), url=url, is_figure=False)

    def _story(self, block: Story) -> MailPassage:
        sentences = (block.change, block.chance, block.mix_effect, block.parts)
        url = self.links.page(block.link)
        link = MailLink(say(block.link.label), url) if block.link and url else None
        return MailPassage(tuple(say(words) for words in sentences if words), link=link)


def metric_card(card: MetricCard) -> MailCard:
    """Return a key figure as a mail shows it, its change with what it means in words."""
    value = str(card.value)
    of_ten = card.metric.unit is Unit.SCORE and value != formatting.NOTHING
    made = MailCard(
        say(catalog_words.metric_label(card.metric)),
        say(value),
        tuple(filter(None, [*map(say, card.basis), card.small_sample_mark])),
        scale="/ 10" if of_ten else "",
    )
    if card.delta is None:
        return made
    meaning = say(card.delta.meaning) if card.delta.meaning else ""
    change = ", ".join(filter(None, [say(card.delta.words), meaning]))
    against = t("Compared with {label}: {was}", label=say(card.compared_with), was=say(card.was))
    return replace(made, change=change, kind=card.delta.kind, against=against)


def _links(label: str, url: str | None) -> MailLinks | None:
    return MailLinks((MailLink(label, url),)) if url else None


def _shares(block: Shares) -> MailShares:
    whole = sum(share.count for share in block.shares)
    return MailShares(
        tuple(
            MailShare(
                say(share.label),
                formatting.count(share.count),
                f"{number(share.count / whole * 100, 1)} %",
                share.count / whole,
                share.tone.value,
            )
            for share in block.shares
        )
    )


def _without_pages(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Return blocks without what says which page of a long list is seen: a mail shows the first rows of it."""
    return tuple(
        block
        for block, following in zip(blocks, (*blocks[1:], None), strict=True)
        if not (isinstance(block, Caption) and isinstance(following, TableBlock) and following.table.listed is not None)
    )
