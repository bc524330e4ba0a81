// The tour: a card that says, step by step, what a part of the page is for, with a ring around that part. The words are
// the server's (lib/ui/tour.py); the browser remembers whether the tour was taken or declined.
(() => {
  if (window.callboardTour) return;
  window.callboardTour = true;
  const SEEN = "callboard-tour-seen";
  const root = document.documentElement;
  let step = -1;
  let ringed = null;
  let watch = 0;

  const isSeen = () => {
    try {
      return localStorage.getItem(SEEN) !== null;
    } catch {
      return false; // the browser keeps nothing
    }
  };
  const remember = () => {
    root.classList.remove("cb-tour-new");
    try {
      localStorage.setItem(SEEN, "yes");
    } catch {}
  };
  const plan = () => JSON.parse(document.querySelector("[data-tour]").dataset.tour);
  const isOn = (page) => location.pathname.endsWith(`/${page}`);

  const openPage = (page) => {
    const links = [...document.querySelectorAll(".st-key-cb-nav a")];
    links.find((link) => link.getAttribute("href").split("?")[0] === page)?.click();
  };

  // Streamlit draws parts anew, and pages one after the other: the ring follows.
  const ring = (targets) => {
    const part = targets.map((each) => document.querySelector(each)).find((each) => each?.getClientRects().length);
    if (!part) return;
    part.classList.add("cb-toured");
    if (part === ringed) return;
    ringed = part;
    part.scrollIntoView({ block: part.offsetHeight > innerHeight / 2 ? "start" : "center" });
  };

  const unring = () => {
    clearInterval(watch);
    ringed?.classList.remove("cb-toured");
    ringed = null;
  };

  const end = () => {
    unring();
    step = -1;
    document.querySelector(".cb-tour")?.remove();
  };

  const element = (kind, name, words) => {
    const made = document.createElement(kind);
    made.className = name;
    made.textContent = words;
    return made;
  };

  const show = (place) => {
    const { steps, words } = plan();
    if (place >= steps.length) return end();
    step = Math.max(0, place);
    const { title, text, count, page, targets } = steps[step];
    const card = element("section", "cb-tour", "");
    card.setAttribute("role", "dialog");
    card.setAttribute("aria-labelledby", "cb-tour-title");
    card.setAttribute("aria-describedby", "cb-tour-text");
    const heading = element("h2", "cb-tour-title", title);
    heading.id = "cb-tour-title";
    const told = element("p", "cb-tour-text", text);
    told.id = "cb-tour-text";
    const buttons = element("div", "cb-tour-buttons", "");
    const close = element("button", "cb-tour-end", words.close);
    const back = element("button", "cb-tour-back", words.back);
    back.disabled = step === 0;
    const next = element("button", "cb-tour-next", step === steps.length - 1 ? words.done : words.next);
    buttons.append(close, back, next);
    card.append(element("p", "cb-tour-count", count), heading, told, buttons);
    document.querySelector(".cb-tour")?.remove();
    document.querySelector(".stApp").append(card);
    next.focus({ preventScroll: true });
    if (!isOn(page)) openPage(page);
    unring();
    watch = setInterval(() => isOn(page) && ring(targets), 300);
  };

  document.addEventListener("click", ({ target }) => {
    if (!(target instanceof Element)) return;
    if (target.closest(".cb-tour-start")) {
      document.querySelector('.st-key-cb-help button[aria-expanded="true"]')?.click();
      remember();
      show(0);
    } else if (target.closest(".cb-tour-next")) show(step + 1);
    else if (target.closest(".cb-tour-back")) show(step - 1);
    else if (target.closest(".cb-tour-end")) end();
    else if (target.closest(".cb-tour-decline")) remember();
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && step >= 0) end();
  });
  root.classList.toggle("cb-tour-new", !isSeen());
})();
