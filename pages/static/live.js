// The page Live: asks each second what changed, and puts it in the place of what was. Elements stay where they are, so
// that focus, scroll position and charts do. It rests while paused, and while nobody sees the page unless it is to be kept
// awake; what is chosen is in the address, and the tab remembers that it is to be kept awake. The frame is lib/ui/live_page.py's, the figures are lib/ui/live_updates.py's.
(() => {
  if (window.callboardLive) return;
  window.callboardLive = true;
  const EVERY = 1000, LATE = 10_000, FAILURES = 2, SPOKEN = 10_000, GIVE_UP = 8000; // milliseconds, and a count
  const AWAKE = "callboard-live-awake"; // what the tab remembers
  let page = null; // what is known of the page that is drawn, by its element
  let isAsking = false;
  let lock = null; // keeps the screen on

  const find = (name) => page.root.querySelector(name);
  const words = (name, time) => page.words[name].replace("{time}", time);
  const setText = (element, said) => {
    if (element && element.textContent !== said) element.textContent = said;
  };
  const has = (flag) => page.root.dataset[flag] === "true";

  const enter = () => {
    const root = document.querySelector(".cb-live");
    if (root === page?.root) return root !== null;
    if (root === null) {
      page = null;
      return false;
    }
    const { asOf, said } = root.dataset;
    page = { root, words: JSON.parse(root.dataset.words), asOf, said, spoken: said, spokenAt: performance.now() };
    Object.assign(page, { have: "", regions: {}, answeredAt: performance.now(), problem: "", failures: 0, picked: {} });
    if (!has("awake") && sessionStorage.getItem(AWAKE) === "true") set("awake", true);
    return true;
  };

  // Makes an element's children those of another: the ones of a key by their key, others by their place.
  const keyOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node.getAttribute("data-key") : null);
  const isAlike = (one, other) => one.nodeName === other.nodeName && keyOf(one) === keyOf(other);
  const morph = (from, to) => {
    const wantedKeys = new Set([...to.childNodes].map(keyOf));
    const byKey = new Map();
    for (const child of [...from.childNodes]) {
      const key = keyOf(child);
      if (key === null) continue;
      if (wantedKeys.has(key)) byKey.set(key, child);
      else child.remove();
    }
    let at = from.firstChild;
    for (const wanted of [...to.childNodes]) {
      const kept = keyOf(wanted) === null ? at : byKey.get(keyOf(wanted));
      if (!kept || !isAlike(kept, wanted)) {
        from.insertBefore(wanted, at);
        continue;
      }
      if (kept === at) at = at.nextSibling;
      else from.insertBefore(kept, at);
      morphNode(kept, wanted);
    }
    while (at) {
      const next = at.nextSibling;
      at.remove();
      at = next;
    }
  };
  const morphNode = (from, to) => {
    if (from.nodeType !== Node.ELEMENT_NODE) {
      if (from.data !== to.data) from.data = to.data;
      return;
    }
    for (const { name } of [...from.attributes]) if (!to.hasAttribute(name)) from.removeAttribute(name);
    for (const { name, value } of to.attributes) if (from.getAttribute(name) !== value) from.setAttribute(name, value);
    morph(from, to);
  };

  const show = (regions) => {
    for (const [name, drawn] of Object.entries(regions)) {
      if (page.regions[name] === drawn) continue;
      const region = find(`[data-region="${name}"]`), wanted = document.createElement("template");
      if (!region) continue;
      wanted.innerHTML = drawn;
      morph(region, wanted.content);
      page.regions[name] = drawn;
      pick(region, page.picked[name]);
    }
  };

  // The bar of a chart that a pointer, a finger or the arrow keys are on is told in a line below, by its place.
  const pick = (region, place) => {
    const bars = [...region.querySelectorAll(".cb-live-bars > div")];
    if (place === undefined || !bars.length) return;
    const at = Math.min(Math.max(place, 0), bars.length - 1);
    page.picked[region.dataset.region] = at;
    bars.forEach((bar, each) => bar.toggleAttribute("data-picked", each === at));
    setText(region.parentElement.querySelector(".cb-live-told"), bars[at].dataset.told);
  };
  const pointAt = ({ target }) => {
    const bar = target instanceof Element && target.closest(".cb-live-bars > div");
    if (bar && enter()) pick(bar.closest("[data-region]"), [...bar.parentElement.children].indexOf(bar));
  };

  // What is heard: a sentence, where it is another one, and not more often than one can listen.
  const speak = () => {
    const now = performance.now();
    if (page.said === page.spoken || now - page.spokenAt < SPOKEN) return;
    setText(find("[aria-live]"), page.said);
    page.spoken = page.said;
    page.spokenAt = now;
  };

  const tell = () => {
    const isPaused = has("paused");
    const isLate = !isPaused && (performance.now() - page.answeredAt > LATE || page.failures >= FAILURES);
    const bar = find(".cb-live-bar");
    const state = isLate ? "late" : isPaused ? "paused" : "current";
    if (bar.dataset.state !== state) bar.dataset.state = state;
    setText(find(".cb-live-clock"), words(isPaused ? "paused" : "asOf", page.asOf));
    setText(find(".cb-live-reason"), isLate ? page.problem || page.words.slow : "");
    setText(find(".cb-live-pause"), page.words[isPaused ? "resume" : "pause"]);
    setText(find(".cb-live-kiosk"), page.words[has("kiosk") ? "leave" : "kiosk"]);
    find(".cb-live-awake input").checked = has("awake");
  };

  const ask = async () => {
    const asked = page;
    const address = `${page.root.dataset.source}&have=${page.have}&awake=${has("awake")}`;
    let answer, status;
    try {
      const response = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(GIVE_UP) });
      status = response.status;
      answer = await response.json();
    } catch (error) {
      answer = { problem: page.words[error.name === "TimeoutError" ? "slow" : "unreachable"] };
    }
    if (page !== asked || !page.root.isConnected) return;
    if (status === 401) location.reload(); // what was shown goes, and the page says how to log in
    if (answer.problem) {
      page.problem = answer.problem;
      page.failures += 1;
      return;
    }
    const answeredAt = performance.now() - answer.age * 1000;
    Object.assign(page, { asOf: answer.asOf, have: answer.have, answeredAt, problem: "", failures: 0 });
    if (answer.regions) {
      show(answer.regions);
      page.said = answer.said;
    }
  };

  const look = async () => {
    if (!enter() || isAsking) return;
    if (has("paused") || (document.hidden && !has("awake"))) return;
    isAsking = true;
    try {
      await ask();
    } finally {
      isAsking = false;
    }
    if (!page) return;
    tell();
    speak();
  };

  const keepScreenOn = async () => {
    const wants = page !== null && has("awake") && !document.hidden;
    if (wants && (!lock || lock.released)) lock = await navigator.wakeLock?.request("screen").catch(() => null);
    else if (!wants && lock) lock.release().then(() => { lock = null; });
  };

  const set = (flag, isSet) => {
    page.root.dataset[flag] = String(isSet);
    const address = new URL(location.href);
    if (isSet) address.searchParams.set(flag, "true");
    else address.searchParams.delete(flag);
    history.replaceState(history.state, "", address);
    if (flag === "awake") sessionStorage.setItem(AWAKE, String(isSet));
    if (flag === "paused" && !isSet) page.answeredAt = performance.now();
    tell();
    keepScreenOn();
    look();
  };

  document.addEventListener("click", ({ target }) => {
    if (!(target instanceof Element) || !target.closest(".cb-live-bar") || !enter()) return;
    if (target.closest(".cb-live-pause")) set("paused", !has("paused"));
    else if (target.closest(".cb-live-kiosk")) set("kiosk", !has("kiosk"));
    else if (target.matches(".cb-live-awake input")) set("awake", target.checked);
  });
  document.addEventListener("pointerover", pointAt);
  document.addEventListener("click", pointAt);
  document.addEventListener("keydown", (event) => {
    const { key, target } = event, step = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (key === "Escape" && enter() && has("kiosk")) set("kiosk", false);
    const region = step && target instanceof Element && target.matches(".cb-live-chart") && target.closest("[data-region]");
    if (!region || !enter()) return;
    event.preventDefault();
    const last = region.querySelectorAll(".cb-live-bars > div").length - 1, at = page.picked[region.dataset.region];
    pick(region, at === undefined ? last : at + step);
  });
  document.addEventListener("visibilitychange", () => {
    if (!enter()) return;
    if (!document.hidden) page.answeredAt = performance.now(); // what rested is not late
    keepScreenOn();
    look();
  });

  // What can't be reached is said in the line above the figures, which stay in sight: Streamlit's own dialog goes again.
  new MutationObserver(() => {
    const dialog = document.querySelector('[data-testid="stDialog"]');
    if (!dialog || !enter()) return;
    const title = dialog.querySelector("h2")?.textContent;
    if (["Connection error", page.words.dialog].includes(title)) dialog.querySelector("section > button")?.click();
  }).observe(document.body, { childList: true });

  setInterval(() => {
    look();
    if (!page || document.hidden) return;
    tell();
    keepScreenOn();
  }, EVERY);
  look();
})();
