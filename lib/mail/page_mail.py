"""A page's value as a mail, in the language in use: the figures, charts and tables that the page shows."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass

from lib.charts.render_process import Renderer
from lib.i18n import current, t
from lib.mail.app_links import AppLinks
from lib.mail.chart_pictures import ChartPictures
from lib.mail.content import MailContent
from lib.mail.model import MailDocument, MailLink, MailPicture
from lib.mail.page_sections import PageSections
from lib.mail.plain_text import to_text
from lib.mail.size_limit import within_size
from lib.mail.subject import page_subject
from lib.mail.texts import say
from lib.reports.page import PageValue
from lib.reports.words import Words


@dataclass(frozen=True, slots=True)
class MailHeading:
    """What stands above a page in its mail: the report's name, the way to the live view, and what else is to be said.

    `app_url` is the address of the page with its parameters, `base_url` what other pages' addresses begin with; without
    them the mail has no links.
    """

    name: str
    app_url: str | None = None
    base_url: str | None = None
    sentences: tuple[Words, ...] = ()
    links: tuple[MailLink, ...] = ()  # besides the one to the live view


def page_mail(page: PageValue, heading: MailHeading, renderer: Renderer | None = None) -> MailContent:
    """Return a page as a mail; an open `renderer` draws its charts, else one of its own.

    Raises RenderingError where a chart can't be drawn.
    """
    with Renderer() if renderer is None else nullcontext(renderer) as drawing:
        pictures = ChartPictures(drawing)
        sections = tuple(PageSections(AppLinks(heading.app_url, heading.base_url), pictures).of(page))
    name, shown = say(heading.name), tuple(map(say, page.shown))
    view = (MailLink(t("Open in Callboard"), heading.app_url),) if heading.app_url else ()
    document = MailDocument(
        title=say(page.title),
        language=current(),
        sections=sections,
        label=name,
        question=say(page.question),
        shown=shown,
        preview=" · ".join(shown),
        sentences=tuple(map(say, heading.sentences)),
        links=(*view, *heading.links),
        reason=t("You receive this mail as a recipient of the report {name}.", name=name) if name else "",
    )
    fitting, html = within_size(document)
    kept = {part.body.content_id for part in fitting.sections if isinstance(part.body, MailPicture)}
    return MailContent(
        subject=page_subject(page, heading.name),
        html=html,
        text=to_text(fitting),
        pictures=tuple(each for each in pictures.all if each.content_id in kept),
        attachments=(),
        language=current(),
    )
