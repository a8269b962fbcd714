// Pages that stay true while they are open: sections marked data-part are read again after an event, and once a minute,
// and patched where they differ. Patching in place leaves to readers what is theirs: focus, open details, scrolling,
// what they typed. Without it the page is complete as it was when it was loaded.
"use strict";

window.parts = (() => {
  const key = (node) => node.nodeType === 1 ? node.dataset.key || node.dataset.part || node.id : "";
  const alike = (old, fresh) => old.nodeType === fresh.nodeType && old.nodeName === fresh.nodeName && key(old) === key(fresh);

  // Attributes that belong to the reader, or to a script that has prepared the element.
  const readers = (node, name) => (name === "open" && node.nodeName === "DETAILS")
    || ((name === "value" || name === "checked") && node.matches("input:not([type=hidden])"))
    || (node.dataset.ready && (name === "hidden" || name === "data-ready"));

  const remove = (node) => {
    const next = node.nextSibling;
    if (!(node.nodeType === 1 && node.querySelector("[data-keep]") && node.contains(document.activeElement))) node.remove();
    return next;
  };

  // Elements with a key are found again wherever they are now; others are compared place by place.
  const children = (old, fresh) => {
    const known = new Map([...old.children].filter(key).map((each) => [key(each), each]));
    const wanted = new Set([...fresh.children].map(key));
    let place = old.firstChild;
    for (const next of [...fresh.childNodes]) {
      while (place && key(place) && !wanted.has(key(place))) place = remove(place);
      const match = key(next) ? known.get(key(next)) : place && alike(place, next) ? place : null;
      if (!match) old.insertBefore(document.adoptNode(next), place);
      else {
        if (match === place) place = place.nextSibling;
        else old.insertBefore(match, place);
        patch(match, next);
      }
    }
    while (place) place = remove(place);
  };

  const patch = (old, fresh) => {
    if (old.isEqualNode(fresh) || (old.nodeType === 1 && "keep" in old.dataset)) return;
    if (!alike(old, fresh) || old.nodeName === "svg") { old.replaceWith(document.adoptNode(fresh)); return; }
    if (old.nodeType !== 1) { old.nodeValue = fresh.nodeValue; return; }
    for (const { name } of [...old.attributes])
      if (!fresh.hasAttribute(name) && !readers(old, name)) old.removeAttribute(name);
    for (const { name, value } of [...fresh.attributes])
      if (old.getAttribute(name) !== value && !readers(old, name)) old.setAttribute(name, value);
    children(old, fresh);
  };

  // Patch the parts of `root` that `fresh` draws otherwise. A focused element that is gone hands its focus to its like,
  // else to its part, so that the next Tab goes on from there.
  const renew = (root, fresh) => {
    const held = root.contains(document.activeElement) ? document.activeElement : null;
    const home = held?.closest("[data-part]")?.dataset.part;
    for (const part of [...fresh.querySelectorAll("[data-part]")]) {
      const old = root.querySelector(`[data-part="${CSS.escape(part.dataset.part)}"]`);
      if (old) patch(old, part);
    }
    if (!held || held.isConnected) return;
    const like = [...root.querySelectorAll(held.nodeName)].find((each) => each.outerHTML === held.outerHTML);
    const part = root.querySelector(`[data-part="${CSS.escape(home ?? "")}"]`);
    if (!like && part) part.tabIndex = -1;
    (like ?? part)?.focus({ preventScroll: true });
  };

  // The page of that address as it is now. Undefined while it cannot be read, null when it is not there any more.
  const read = async (address) => {
    let answer;
    try { answer = await fetch(address, { headers: { Accept: "text/html" } }); } catch { return undefined; }
    if (answer.redirected || (answer.status >= 400 && answer.status < 500 && answer.status !== 429)) return null;
    try { return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : undefined; } catch { return undefined; }
  };

  return { renew, read };
})();

(() => {
  const view = document.querySelector("[data-live]");
  if (!view) return;
  const SETTLE = 300, AGAIN = 5000; // milliseconds; what comes together is read once
  const rest = Number(view.dataset.rest) * 1000, company = view.dataset.company;
  let stale = false, timer = null, readAt = -Infinity, ticking = null;

  // What is under way is read often, and at its own pace again once it has ended.
  const tick = (every) => {
    clearInterval(ticking);
    ticking = setInterval(soon, Number(every ?? 60) * 1000);
    if (every) view.dataset.every = every; else delete view.dataset.every;
  };

  const refresh = async () => {
    stale = false;
    readAt = performance.now();
    const fresh = await parts.read(view.dataset.url ?? location.href);
    mailpath.readable(Boolean(fresh));
    if (fresh === null) { end(); mailpath.readable(false); return; }
    if (!fresh) { stale = true; readAt = performance.now() + AGAIN - rest; return; }
    parts.renew(view, fresh);
    const { every, companies } = fresh.querySelector("[data-live]")?.dataset ?? {};
    if (companies !== undefined) view.dataset.companies = companies;
    if (every !== view.dataset.every) tick(every);
    if (window.copying) copying(view);
    document.title = fresh.title;
    mailpath.grow();
  };
  const soon = () => {
    stale = true;
    if (document.hidden) return;
    timer ??= setTimeout(async () => { await refresh(); timer = null; if (stale) soon(); }, Math.max(SETTLE, readAt + rest - performance.now()));
  };
  const concerns = (event) => !company || event.company === company || event.companies?.includes(company);
  const heard = (event) => { if (concerns(event)) soon(); };
  const shown = (event) => { if ("companies" in view.dataset ? view.dataset.companies.split(" ").includes(event.company) : concerns(event)) soon(); };
  const only = view.dataset.live === "incident" && !("companies" in view.dataset) ? "?only=incident" : "";
  tick(view.dataset.every);
  document.addEventListener("visibilitychange", () => { if (stale) soon(); });
  const follow = mailpath.follow(`/api/v1/events${only}`, { verdict: shown, incident: heard, incidents: soon }, soon);
  const end = () => { clearInterval(ticking); follow(); };
})();
