// What pages do in the browser alone: on phones the filter bar opens the sidebar as a sheet, and a choice of a page, or
// the button at the end of the sheet, closes it.
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
})();
