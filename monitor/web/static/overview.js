// The overview, live: parts and rows that have changed are put in place of the old ones; nothing else moves. What has
// not changed is not sent again. Filters act at once; without this script their button does.
"use strict";

(() => {
  const EVERY = 10000, TYPING = 250; // milliseconds
  const list = document.getElementById("list"), form = document.getElementById("filter");
  if (!list || !form) return;
  let address = new URL(location.href), tag = "", asked = null, timer = null;

  const rows = () => [...list.querySelectorAll("tbody[data-row]")];
  const parsed = (html, name) => { const made = document.createElement(name); made.innerHTML = html; return made; };

  // A row that is replaced leaves to readers what is theirs: open details, and the focus.
  const exchange = (old, fresh) => {
    const held = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") ?? document.activeElement.nodeName : null;
    if (old.querySelector("details[open]")) for (const each of fresh.querySelectorAll("details")) each.open = true;
    old.replaceWith(fresh);
    if (held) [...fresh.querySelectorAll("a, summary")].find((each) => (each.getAttribute("href") ?? each.nodeName) === held)?.focus({ preventScroll: true });
  };

  const show = (answer) => {
    for (const [name, html] of Object.entries(answer.parts)) {
      const part = document.getElementById(name), fresh = parsed(html, "div");
      if (part && part.innerHTML.trim() !== fresh.innerHTML.trim() && !part.contains(document.activeElement)) part.innerHTML = html;
    }
    const known = new Map(rows().map((row) => [row.dataset.row, row]));
    let before = list.querySelector("thead");
    for (const [id, version, html] of answer.rows) {
      let row = known.get(id);
      known.delete(id);
      if (!row || row.dataset.version !== version) {
        if (html === null) { tag = ""; continue; } // known in another place: the next answer has it
        const fresh = parsed(html, "tbody");
        Object.assign(fresh.dataset, { row: id, version });
        if (row) exchange(row, fresh);
        row = fresh;
      }
      if (before.nextElementSibling !== row && !row.contains(document.activeElement)) before.after(row);
      before = row;
    }
    for (const row of known.values()) row.remove();
    document.title = `${answer.title} · Mailpath`;
    mailpath.grow();
  };

  const read = async () => {
    clearTimeout(timer);
    timer = null;
    asked?.abort();
    asked = new AbortController();
    const query = new URLSearchParams(address.search);
    query.set("known", rows().map((row) => row.dataset.version).join("."));
    try {
      const headers = tag ? { "If-None-Match": tag } : {};
      const answer = await fetch(`/overview/changes?${query}`, { signal: asked.signal, headers, cache: "no-store" });
      if (answer.redirected || (!answer.ok && answer.status !== 304)) throw new Error(`the changes could not be read: ${answer.status}`);
      if (answer.status !== 304) { tag = answer.headers.get("ETag") ?? ""; show(await answer.json()); }
      mailpath.readable(true);
    } catch (error) {
      if (error.name === "AbortError") return;
      mailpath.readable(false);
    }
    timer = setTimeout(later, EVERY);
  };
  const later = () => { timer = null; if (!document.hidden) read(); };

  const choose = () => {
    const url = new URL(form.action);
    url.search = new URLSearchParams([...new FormData(form)].filter(([name, value]) => value && !(name === "sort" && value === "worst")));
    address = url;
    history.replaceState(null, "", url);
    read();
  };
  let typed = null;
  form.addEventListener("input", () => { clearTimeout(typed); typed = setTimeout(choose, TYPING); });
  form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(typed); choose(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && timer === null) read(); });

  timer = setTimeout(later, EVERY);
  mailpath.follow("/api/v1/events?only=incident", { incident: read, incidents: read }, read);
})();
