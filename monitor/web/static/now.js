// Now, live: what is on the page changes in its place, at once. What would move the page is offered instead, and
// shown by itself only when nobody is reading: no key, no pointer, no scrolling for a while.
"use strict";

(() => {
  const IDLE = 60000, REST = 15000;
  const main = document.getElementById("main"), changed = document.getElementById("changed");
  let touched = 0, asked = null, stale = false, timer = null;
  const view = () => document.getElementById("view");

  const signs = Object.fromEntries([["inbox", "✓"], ["late", "◷"], ["spam", "▲"], ["quarantined", "▣"],
    ["blocked", "✕"], ["deferred", "◔"], ["missing", "∅"], ["unknown", "?"]]);
  const labels = JSON.parse(view().dataset.labels);

  const show = (event) => {
    if (event.as !== "sender") return;
    stale = true;
    soon();
    if (event.amends) return;  // of an older probe, perhaps: the page knows better
    const row = view().querySelector(`[data-line="${CSS.escape(`${event.company}/${event.path}`)}"]`);
    const badge = row?.querySelector(`.k-${CSS.escape(event.kind)} .outcome`);
    if (badge && !badge.classList.contains(`o-${event.outcome}`)) {
      badge.className = `outcome o-${event.outcome} fresh`;
      badge.firstElementChild.textContent = signs[event.outcome] ?? "·";
      badge.lastChild.textContent = ` ${labels[event.outcome] ?? event.outcome}`;
    }
    const last = row?.querySelector(".last time");
    if (last) { last.dateTime = new Date(mailpath.now()).toISOString(); last.textContent = "0 s ago"; }
  };

  // What the page is made of: while this is the same, the rest may change in its place.
  const shape = (root) => [...root.querySelectorAll("[data-incident], .matrix [data-company]")]
    .map((each) => each.dataset.incident ?? each.dataset.company).join("\n") + root.querySelectorAll(".matrix .outcome").length;

  const settle = (from, to) => {
    for (const selector of [".totals", "#muted", ".incidents", "#more", "#codes", "#healthy > summary", "h1"]) {
      const old = from.querySelector(selector), fresh = to.querySelector(selector);
      if (old && fresh && old.innerHTML !== fresh.innerHTML && !old.contains(document.activeElement)) old.innerHTML = fresh.innerHTML;
    }
    const rows = from.querySelectorAll(".matrix tr"), news = to.querySelectorAll(".matrix tr");
    news.forEach((row, at) => row.querySelectorAll("td").forEach((cell, place) => {
      const old = rows[at]?.querySelectorAll("td")[place];
      if (old && old.innerHTML !== cell.innerHTML && !old.contains(document.activeElement)) old.innerHTML = cell.innerHTML;
    }));
  };

  const replace = (fresh) => {
    const unfolded = [...document.querySelectorAll(".fold[aria-expanded=true]")].map((each) => each.closest("[data-company]").dataset.company);
    const healthy = document.getElementById("healthy")?.open, search = document.getElementById("q");
    const typing = document.activeElement === search && search ? [search.value, search.selectionStart] : null;
    view().replaceWith(fresh);
    for (const key of unfolded) fold(fresh.querySelector(`[data-company="${CSS.escape(key)}"] .fold`), true);
    if (healthy !== undefined && document.getElementById("healthy")) document.getElementById("healthy").open ||= healthy;
    const field = document.getElementById("q");
    if (typing && field) { field.value = typing[0]; field.focus(); field.setSelectionRange(typing[1], typing[1]); }
    changed.hidden = true;
  };

  const read = async (url) => {
    asked?.abort();
    asked = new AbortController();
    const answer = await fetch(url, { signal: asked.signal, headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) throw new Error(`the page could not be read: ${answer.status}`);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html"), fresh = page.getElementById("view");
    if (fresh) document.title = page.title;
    return fresh;
  };

  const refresh = async () => {
    if (!stale || document.hidden) return;
    stale = false;
    try {
      const fresh = await read(location.href);
      if (!fresh) return;
      if (shape(fresh) === shape(view())) settle(view(), fresh);
      else if (Date.now() - touched > IDLE) replace(document.adoptNode(fresh));
      else changed.hidden = false;
    } catch (error) { if (error.name !== "AbortError") stale = true; }
  };
  const soon = () => { timer ??= setTimeout(async () => { timer = null; await refresh(); if (stale) soon(); }, REST * (0.8 + 0.4 * Math.random())); };

  const fold = (link, open) => {
    const rows = link?.closest("[data-company]").querySelectorAll("tr.path");
    if (!rows?.length) return false;
    link.setAttribute("aria-expanded", String(open));
    rows.forEach((row) => { row.hidden = !open; });
    return true;
  };

  main.addEventListener("click", (event) => {
    const link = event.target.closest(".fold");
    if (link && !event.ctrlKey && !event.metaKey && fold(link, link.getAttribute("aria-expanded") !== "true")) event.preventDefault();
  });

  let typed = null;
  main.addEventListener("input", (event) => {
    if (event.target.id !== "q") return;
    clearTimeout(typed);
    typed = setTimeout(async () => {
      const url = new URL(event.target.form.action);
      url.search = new URLSearchParams([...new FormData(event.target.form)].filter(([, value]) => value));
      try {
        const fresh = await read(url);
        if (!fresh) return;
        history.replaceState(null, "", url);
        replace(document.adoptNode(fresh));
      } catch (error) { if (error.name !== "AbortError") event.target.form.submit(); }
    }, 200);
  });

  for (const kind of ["keydown", "pointerdown", "pointermove", "scroll", "touchstart"])
    addEventListener(kind, () => { touched = Date.now(); }, { passive: true });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && stale) soon(); });
  const again = () => { stale = true; soon(); };
  mailpath.follow("/api/v1/events", { verdict: show, incident: again, incidents: again }, again);
})();
