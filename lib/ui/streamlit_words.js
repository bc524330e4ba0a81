// Puts the page's language in the place of Streamlit's own words, which it has in English alone. WORDS and LANGUAGE are
// put in by streamlit_words.py. What users wrote is left as it is: their texts stand in the elements of OURS, but for
// those of THEIRS.
(() => {
  const words = WORDS, language = "LANGUAGE";
  document.documentElement.lang = language;
  const OURS = '[data-testid="stMarkdownContainer"],[data-testid="stHtml"],[role="option"],[data-tag],svg,pre,style,script';
  const THEIRS = '[data-testid="stFileUploaderDropzone"]';
  const NAMED = ["aria-label", "title", "placeholder", "alt", "aria-valuetext"];
  const DAY = /^[A-Z][a-z]+ \d{1,2}, \d{4}$/;
  const SIZE = /^(\d+(?:\.\d+)?) ?(B|KB|MB|GB)$/;
  const local = (value) => DAY.test(value) ? new Date(value).toLocaleDateString(language, {dateStyle: "long"}) :
    value.replace(SIZE, (_, amount, unit) => `${Number(amount).toLocaleString(language)} ${unit}`);
  const IN_LISTS = ["No results", "Select all"];
  const exact = new Map(), patterns = [];
  for (const [english, said] of words) {
    if (!english.includes("{")) { exact.set(english, said); continue; }
    const names = [...english.matchAll(/\{(\w+)\}/g)].map((each) => each[1]);
    const parts = english.split(/\{\w+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    patterns.push([new RegExp("^" + parts.join("(.+)") + "$"), names, said]);
  }
  const translated = (text) => {
    const trimmed = text.trim();
    if (!trimmed || trimmed.length > 200) return null;
    if (exact.has(trimmed)) return exact.get(trimmed);
    if (SIZE.test(trimmed)) return local(trimmed);
    for (const [pattern, names, said] of patterns) {
      const found = pattern.exec(trimmed);
      if (found) return said.replace(/\{(\w+)\}/g, (_, name) => local(found[names.indexOf(name) + 1]));
    }
    return null;
  };
  const onText = (node) => {
    const within = node.parentElement;
    if (within?.closest(OURS) && !within.closest(THEIRS) && !IN_LISTS.includes(node.data.trim())) return;
    const said = translated(node.data);
    if (said !== null && node.data.trim() !== said) node.data = node.data.replace(node.data.trim(), () => said);
  };
  const onNamed = (element, name) => {
    const value = element.getAttribute(name), [head, ...rest] = value?.split(": ") ?? [];
    const said = value && (translated(value) ?? (exact.has(head) ? [exact.get(head), ...rest].join(": ") : null));
    if (said && said !== value) element.setAttribute(name, said);
  };
  const onTree = (root) => {
    if (root.nodeType === Node.TEXT_NODE) return onText(root);
    if (root.nodeType !== Node.ELEMENT_NODE || root.closest("svg")) return;
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT, (node) =>
      node.nodeName.toLowerCase() === "svg" ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
    for (let node = walker.currentNode; node; node = walker.nextNode()) {
      if (node.nodeType === Node.TEXT_NODE) onText(node);
      else for (const name of NAMED) if (node.hasAttribute(name)) onNamed(node, name);
    }
  };
  window.callboardWords?.disconnect();
  if (!words.length) return;
  onTree(document.body);
  window.callboardWords = new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === "childList") change.addedNodes.forEach(onTree);
      else if (change.type === "characterData") onText(change.target);
      else if (!change.target.closest("svg")) onNamed(change.target, change.attributeName);
    }
  });
  window.callboardWords.observe(document.body, {
    subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: NAMED,
  });
})();
