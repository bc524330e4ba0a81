"""The checker of mails finds what it is there for: a good mail has no fault, and each fault is found alone."""

from __future__ import annotations

import pytest

from tests.mail.word_engine import as_word_reads, problems

GOOD = """<!DOCTYPE html>
<html lang="en"><head><meta name="color-scheme" content="light dark">
<style>@media (prefers-color-scheme: dark) { .a { color: #fff !important; display: block } }</style></head>
<body style="margin:0">
<!--[if mso]><table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0"><tr><td width="600"><![endif]-->
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px">
<tr><td style="padding:8px">HERE<p style="margin:0 0 8px 0">words</p><img src="cid:1" width="300" alt="A chart"></td></tr>
</table>
<!--[if mso]></td></tr></table><![endif]-->
</body></html>"""

TABLE = 'cellpadding="0" cellspacing="0" border="0"'


def test_a_good_mail_has_no_problems() -> None:
    assert problems(GOOD) == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ('<div style="display:flex">x</div>', "display: flex"),
        ('<div style="display: grid">x</div>', "display: grid"),
        ('<div style="flex-wrap:wrap">x</div>', "flex-wrap"),
        ('<div style="position:absolute">x</div>', "position"),
        ('<div style="float:left">x</div>', "float"),
        ('<div style="background-image:none;background-image:linear-gradient(red,blue)">x</div>', "background images"),
        ('<div style="background:url(cid:1)">x</div>', "by background"),
        ('<div style="padding:4px">x</div>', "only cells are padded"),
        ('<div style="width:calc(100% - 3px)">x</div>', "computes width"),
        ('<div style="width:50vw">x</div>', "unit"),
        ('<div style="color:rgba(0,0,0,.5)">x</div>', "color that it does not read"),
        ('<div style="color:#000;' + "x" * 500 + '">x</div>', "letters"),
        (f'<table role="presentation" {TABLE}><tr><td>x</td></tr></table>', "no width attribute"),
        (f'<table role="presentation" width="10px" {TABLE}><tr><td>x</td></tr></table>', "no width attribute"),
        ('<table role="presentation" width="100%"><tr><td>x</td></tr></table>', "cellpadding"),
        (f'<table width="100%" {TABLE} style="margin:8px 0 0 0"><tr><td>x</td></tr></table>', "no margins"),
        ('<table width="100%"><tr><td width="20px">x</td></tr></table>', "in px"),
        ('<table width="100%" background="cid:1"><tr><td>x</td></tr></table>', "background image"),
        ('<img src="cid:2" width="20">', "no alt text"),
        ('<img src="cid:2" alt="x">', "no width attribute"),
        ('<img src="cid:2" alt="x" width="auto">', "no width attribute"),
        ('<img src="https://example.com/1.png" alt="x" width="20">', "outside of the mail"),
        ('<img src="data:image/png;base64,AA==" alt="x" width="20">', "outside of the mail"),
        ('<img src="cid:2" srcset="cid:3 2x" alt="x" width="20">', "other sizes"),
        ("<svg></svg>", "<svg>"),
        ("<form></form>", "<form>"),
        ("<script></script>", "<script>"),
        ('<link rel="stylesheet" href="https://example.com/a.css">', "<link>"),
        ('<b onclick="x()">x</b>', "script in onclick"),
        ('<a href="javascript:x()">x</a>', "a link leads to"),
        ("<style>.a { width: 10px }</style>", "lays out by width"),
        ("<style>@import 'a.css';</style>", "asks for"),
        ("<b>x", "is not closed"),
        pytest.param("x" * 105_000, "Gmail", id="too long"),
    ],
)
def test_each_fault_is_found(fault: str, said: str) -> None:
    found = problems(GOOD.replace("HERE", fault))
    assert found and all(said in each for each in found), found


@pytest.mark.parametrize(
    ("kept", "left_out", "said"),
    [
        ("<!DOCTYPE html>\n", "", "doctype"),
        (' lang="en"', "", "language"),
        ('<meta name="color-scheme" content="light dark">', "", "light and dark"),
        ("prefers-color-scheme: dark", "min-width: 1px", "dark colors"),
    ],
)  # fmt: skip
def test_what_a_mail_must_have_is_missed(kept: str, left_out: str, said: str) -> None:
    assert kept in GOOD
    assert any(said in each for each in problems(GOOD.replace(kept, left_out)))


def test_a_greatest_width_needs_a_table_of_that_width_for_word() -> None:
    bare = GOOD.replace('<!--[if mso]><table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0"><tr><td width="600"><![endif]-->', "")  # fmt: skip
    assert ["by style alone" in each for each in problems(bare.replace("<!--[if mso]></td></tr></table><![endif]-->", ""))] == [True]  # fmt: skip


def test_word_reads_its_comments_alone() -> None:
    assert (
        as_word_reads("a<!--[if mso]>b<![endif]-->c<!--[if !mso]><!-->d<!--<![endif]-->e<!-- f -->") == "abce<!-- f -->"
    )
