// One company, live: a verdict of it changes the badge of its kind at once; the rest is read anew when nobody reads.
"use strict";

(() => {
  const REST = 10000;
  const company = document.getElementById("view").dataset.company;
  let timer = null, touched = 0, waiting = false;
  for (const kind of ["keydown", "pointerdown", "scroll"]) addEventListener(kind, () => { touched = Date.now(); }, { passive: true });

  const refresh = async () => {
    if (document.hidden || Date.now() - touched < REST) return false;
    const view = document.getElementById("view");
    if (view.contains(document.activeElement)) return false;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return false;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("view");
    if (!fresh) return false;
    // Only what keeps its size is changed in its place.
    const places = [".strip", ".axis", ".chart", "figcaption", ".kind .head", ".figures tbody"];
    for (const place of places) {
      const old = view.querySelectorAll(place), news = fresh.querySelectorAll(place);
      if (old.length === news.length) news.forEach((each, at) => { if (old[at].outerHTML !== each.outerHTML) old[at].replaceWith(document.adoptNode(each)); });
    }
    return true;
  };
  const soon = () => {
    waiting = true;
    timer ??= setTimeout(async () => {
      timer = null;
      try { if (await refresh()) waiting = false; } catch { /* the next event tries again */ }
      if (waiting) soon();
    }, REST);
  };
  mailpath.follow("/api/v1/events?only=verdict", { verdict: (event) => { if (event.company === company) soon(); } }, soon);
})();
