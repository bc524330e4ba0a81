// What pages do in the browser alone: on phones the filter bar opens the sidebar as a sheet, and a choice of a page, or
// the button at the end of the sheet, closes it; in tables the keyboard presses buttons, too; a click that leads to another page
// is one step of the history; and a page that waits for the server says so.
(() => {
  if (window.callboard) return;
  window.callboard = true;
  const phone = window.matchMedia("(max-width: 767.98px)");
  const press = (selector) => document.querySelector(selector)?.click();
  document.addEventListener("click", ({ target }) => {
    if (!(target instanceof Element) || !phone.matches) return;
    if (target.closest('[data-testid="stExpandSidebarButton"]')) {
      document.querySelector('[data-testid="stSidebarContent"]').scrollTop = 0;
    } else if (target.closest(".cb-filter-bar")) {
      press('[data-testid="stExpandSidebarButton"]');
      const filters = document.querySelector(".st-key-cb-filters");
      filters.tabIndex = -1;
      filters.focus({ preventScroll: true });
      filters.scrollIntoView();
    } else if (target.closest(".st-key-cb-nav a, .cb-sheet-done")) {
      press('[data-testid="stSidebarCollapseButton"] button');
      if (target.closest(".cb-sheet-done")) {
        setTimeout(() => document.querySelector(".cb-filter-bar")?.focus(), 100); // when it is there again
      }
    }
  });

  // To lead to another page with other parameters Streamlit makes two steps: the parameters, then the page. The second
  // takes the place of the first where nobody did anything in between.
  let hasActed = true;
  for (const type of ["pointerdown", "keydown"]) document.addEventListener(type, () => { hasActed = true; }, true);
  const push = history.pushState.bind(history);
  history.pushState = (state, title, url) => {
    const from = location, to = new URL(url ?? from.href, from.href);
    const isSecond = !hasActed && to.pathname !== from.pathname && to.search === from.search;
    hasActed = false;
    (isSecond ? history.replaceState.bind(history) : push)(state, title, url);
  };

  // Between a click and the server's first word nothing would tell that the page is about to change (style.css).
  const RERUN = 0x5a; // what a message begins with that asks for a page
  const send = WebSocket.prototype.send;
  const setWaiting = (isWaiting) => document.documentElement.toggleAttribute("data-waiting", isWaiting);
  WebSocket.prototype.send = function (message) {
    if (ArrayBuffer.isView(message) && message[0] === RERUN) {
      setWaiting(true);
      for (const type of ["message", "close"]) this.addEventListener(type, () => setWaiting(false), { once: true });
    }
    send.call(this, message);
  };

  // Streamlit's tables have buttons for pointers alone. Which cell the keyboard is on, they say, a moment later, in a
  // table that is not drawn; the canvas gets what a pointer would send from there. Buttons stand in the first column.
  const WITHIN_BUTTON = 24; // pixels from its left edge
  const MOMENT = 300; // milliseconds
  const pressButton = (canvas) => {
    const row = canvas.querySelector('td[aria-selected="true"][aria-colindex="1"]')?.parentElement;
    if (!row) return;
    const scroller = canvas.closest('[data-testid="stDataFrame"]').querySelector(".dvn-scroller");
    const rows = Number(canvas.querySelector('[role="grid"]').getAttribute("aria-rowcount"));
    const height = scroller.querySelector(".dvn-scroll-inner").scrollHeight / rows;
    const middle = (Number(row.getAttribute("aria-rowindex")) - 0.5) * height - scroller.scrollTop;
    const bounds = canvas.getBoundingClientRect();
    const at = { clientX: bounds.left + WITHIN_BUTTON, clientY: bounds.top + middle };
    for (const type of ["pointermove", "pointerdown", "pointerup"]) {
      canvas.dispatchEvent(new PointerEvent(type, { ...at, bubbles: true, pointerType: "mouse", button: 0 }));
    }
  };
  document.addEventListener("keydown", ({ key, target }) => {
    const canvas = target instanceof Element && target.closest('[data-testid="stDataFrame"] canvas');
    if (canvas && (key === "Enter" || key === " ")) setTimeout(pressButton, MOMENT, canvas);
  }, true);
})();
