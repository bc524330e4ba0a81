// Says on a page that the data have changed since it was drawn, and draws it anew at a click; by itself nothing changes.
// It asks every few seconds while the page is seen, until there is something to say (lib/ui/new_data.py).
(() => {
  if (window.callboardNewData) return;
  window.callboardNewData = true;
  const EVERY = 5000; // milliseconds
  let isAsking = false;
  const ended = new WeakSet(); // notes that need not be asked for any more

  const look = async () => {
    const note = document.querySelector(".cb-new-data");
    if (!note || note.firstChild || document.hidden || isAsking || ended.has(note)) return;
    isAsking = true;
    try {
      const response = await fetch(note.dataset.source, { cache: "no-store", signal: AbortSignal.timeout(EVERY) });
      if (response.status === 401) ended.add(note);
      if (!response.ok) return;
      const { version, words } = await response.json();
      if (!note.isConnected || String(version) === note.dataset.version) return;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = words;
      note.append(button);
    } catch {
      // The next one may get through; what the page itself asks for says what is wrong.
    } finally {
      isAsking = false;
    }
  };

  document.addEventListener("click", ({ target }) => {
    if (!(target instanceof Element) || !target.closest(".cb-new-data button")) return;
    document.querySelector(".st-key-cb-refresh button")?.click();
    const heading = document.querySelector('[data-testid="stMain"] h1'); // the note goes, and the focus would with it
    if (!heading) return;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  });
  document.addEventListener("visibilitychange", look);
  setInterval(look, EVERY);
})();
