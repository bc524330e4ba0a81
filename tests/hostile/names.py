"""Texts that somebody, somewhere, would take for more than text: the classics, in one list."""

from __future__ import annotations

OUTSIDE = "http://hostile.invalid"
"""An address that nothing may ever ask."""

FORMULAS = (
    "=1+1",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    '@SUM(1,"x")',
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",
    " =1+1",
    '"=1+1',
)
"""What a spreadsheet might take for a formula, were it not for the apostrophe before it."""

INJECTIONS = (
    "'; DROP TABLE evaluations; --",
    '" OR 1=1 --',
    "') UNION SELECT NULL --",
    "../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "a\r\nSet-Cookie: x=1",
    "<script>window.hurt = 1; alert(1)</script>",
    f'<img src="{OUTSIDE}/1.png" onerror="window.hurt = 1">',
    '"><svg onload="window.hurt = 1">',
    "</style></title></textarea><b>bold</b>",
    "<a href=javascript:alert(1)>a</a>",
    "javascript:alert(1)",
    "[link](javascript:alert(1))",
    f"![picture]({OUTSIDE}/2.png)",
    f"{OUTSIDE}/3",
    "hurt@hostile.invalid",
    "**strong** _slanted_ ~~struck~~ `code`",
    "# heading",
    "1. listed",
    "- listed",
    "> quoted",
    "$latex^2$ $$\\frac{1}{2}$$",
    ":material/delete: :smile:",
    ":red[coloured] :blue-background[x] :small[x]",
    "{{7*7}} ${7*7} #{7*7} <%= 7*7 %>",
    "{name} {0} {count}",
    "%s%n%x %(name)s",
    "&lt;b&gt; &amp; &#x41;",
    "\\u0041 \\x41 \\n",
    "\u202eright to left\u202c",
    "a\u200bb\ufeffc",
    "😀👩‍👩‍👧‍👦🇨🇱",
    "Ｆｕｌｌ　ｗｉｄｔｈ",
    "null",
    "constructor __proto__",
    "[object Object]",
    "datum.name || true",
    "a|b\tc",
    "'quoted' \"twice\"",
    "line\nbreak",
    "x" * 400,
)
"""What SQL, paths, headers, HTML, Markdown, templates and formats might take for their own."""

NAMES = (*INJECTIONS, *FORMULAS)
