// Search while one types, and keys: / and Ctrl-K search, j and k move in lists, ? shows all keys. Without it the search
// field is a form like any other.
"use strict";

(() => {
  const WAIT = 150; // milliseconds
  const field = document.getElementById("find");
  if (!field) return;
  const single = document.documentElement.dataset.keys !== "off";
  const make = (name, facts = {}, ...inside) => { const made = Object.assign(document.createElement(name), facts); made.append(...inside); return made; };

  const box = make("div", { id: "hits", className: "hits-box", hidden: true });
  box.setAttribute("role", "listbox");
  box.setAttribute("aria-label", "Results");
  const said = make("span", { className: "aside" });
  said.setAttribute("role", "status");
  field.form.append(box, said);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", "hits"], ["aria-expanded", "false"], ["aria-keyshortcuts", "Control+K"]])
    field.setAttribute(name, value);

  let asked = null, timer = null, chosen = -1;
  const options = () => [...box.querySelectorAll("[role=option]")];
  const open = (yes) => { box.hidden = !yes; field.setAttribute("aria-expanded", String(yes)); if (!yes) choose(-1); };
  const choose = (at) => {
    const all = options();
    chosen = all.length ? (at + all.length + 1) % (all.length + 1) : -1;
    if (at < 0 || chosen === all.length) chosen = at < 0 && at > -2 ? -1 : chosen === all.length ? -1 : chosen;
    all.forEach((each, place) => each.setAttribute("aria-selected", String(place === chosen)));
    if (chosen >= 0) { field.setAttribute("aria-activedescendant", all[chosen].id); all[chosen].scrollIntoView({ block: "nearest" }); }
    else field.removeAttribute("aria-activedescendant");
  };

  const show = (hits) => {
    const groups = new Map();
    hits.forEach((hit, at) => {
      const option = make("a", { id: `hit-${at}`, href: hit.href, tabIndex: -1 }, make("span", { textContent: hit.title }), make("small", { textContent: hit.note }));
      option.setAttribute("role", "option");
      if (!groups.has(hit.group)) {
        const group = make("div", {}, make("div", { className: "group", textContent: hit.group, ariaHidden: "true" }));
        group.setAttribute("role", "group");
        group.setAttribute("aria-label", hit.group);
        groups.set(hit.group, group);
      }
      groups.get(hit.group).append(option);
    });
    box.replaceChildren(...groups.values());
    said.textContent = hits.length ? `${hits.length} results` : "Nothing found";
    open(hits.length > 0);
    choose(-1);
  };

  const read = async () => {
    asked?.abort();
    asked = new AbortController();
    try {
      const answer = await fetch(`/search?${new URLSearchParams({ q: field.value })}`, { signal: asked.signal, headers: { Accept: "application/json" } });
      if (answer.ok && document.activeElement === field) show(await answer.json());
    } catch (error) { if (error.name !== "AbortError") open(false); }
  };
  const soon = () => { clearTimeout(timer); timer = setTimeout(read, WAIT); };

  field.addEventListener("input", soon);
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (box.hidden) { read(); return; }
      const all = options().length;
      choose(event.key === "ArrowDown" ? (chosen + 1 >= all ? 0 : chosen + 1) : (chosen <= 0 ? all - 1 : chosen - 1));
    } else if (event.key === "Escape" && !box.hidden) { event.preventDefault(); open(false); }
    else if (event.key === "Enter" && chosen >= 0) { event.preventDefault(); location.href = options()[chosen].href; }
  });
  field.addEventListener("blur", () => setTimeout(() => { if (!box.contains(document.activeElement)) open(false); }, 150));
  box.addEventListener("mousedown", (event) => event.preventDefault());

  const search = () => { field.focus(); field.select(); read(); };

  const KEYS = [["/ or Ctrl K", "Search companies, incidents, probes, runbooks, pages"], ["j, k", "Next and previous line of a list"], ["Enter", "Open it"], ["Esc", "Close"], ["?", "Show these keys"]];
  let help = null;
  const explain = () => {
    if (!help) {
      const facts = make("dl", { className: "facts" });
      for (const [key, does] of KEYS) facts.append(make("dt", {}, make("kbd", { textContent: key })), make("dd", { textContent: does }));
      const close = make("button", { textContent: "Close" });
      close.addEventListener("click", () => help.close());
      help = make("dialog", { className: "keys" }, make("h2", { id: "keys-title", textContent: "Keys" }), facts, make("p", {}, make("a", { href: "/display", textContent: "Turn keys of one letter off" })), close);
      help.setAttribute("aria-labelledby", "keys-title");
      document.body.append(help);
    }
    if (!help.open) help.showModal();
  };

  // The first link of each line: of the lists' rows, or of what else is listed.
  const lines = () => [...document.querySelectorAll("main tbody th[scope=row] a:first-of-type, main .hits > li > a:first-of-type")].filter((each) => each.offsetParent);
  const move = (by) => {
    const all = lines(), here = document.activeElement;
    if (!all.length) return;
    let at = all.indexOf(here);
    if (at < 0) at = by > 0 ? all.findIndex((each) => here.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING) - 1 : all.length;
    const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  };

  addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") { event.preventDefault(); search(); return; }
    if (!single || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog, [contenteditable]")) return;
    const act = { "/": search, "?": explain, j: () => move(1), k: () => move(-1) }[event.key];
    if (act) { event.preventDefault(); act(); }
  });
})();
