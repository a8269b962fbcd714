// The page of a probe: each step as it is spoken, and the page renewed as evidence comes in.
// Without it the page is complete and has a link to reload it.
"use strict";

// How long the code still lives, by the server's clock.
(() => {
  const left = (seconds) => {
    const whole = Math.max(0, Math.ceil(seconds));
    return whole >= 60 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${whole} s`;
  };
  const count = () => {
    for (const time of document.querySelectorAll("time[data-until]")) {
      const text = left((Date.parse(time.dateTime) - mailpath.now()) / 1000);
      if (time.textContent !== text) time.textContent = text;
    }
  };
  count();
  setInterval(count, 1000);
})();

(() => {
  const page = document.getElementById("probe");
  if (!page) return;

  if (!("onItsWay" in page.dataset)) return;

  const labels = JSON.parse(page.dataset.labels);
  const hearing = document.getElementById("hearing");
  const steps = document.getElementById("hearing-steps");

  // Text that others wrote is only ever text here; what hides in it is shown by its number, as the page itself does.
  const HIDDEN = /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\uffa0]|(?<=[\p{Mn}\p{Me}]{3})[\p{Mn}\p{Me}]/gu;
  const plain = (text) => String(text).replace(HIDDEN,
    (each) => each === "\n" || each === "\t" ? " " : `[U+${each.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}]`);
  const part = (name, text, mark) => {
    const place = document.createElement(name);
    place.textContent = text;
    if (mark) place.className = mark;
    return place;
  };
  const drawnUpTo = () => Math.max(0, ...[...page.querySelectorAll("[data-part=dialogue] time")].map((each) => Date.parse(each.dateTime)));
  const tidy = () => {
    const upTo = drawnUpTo();
    for (const line of [...steps.children]) if (Number(line.dataset.at) <= upTo) line.remove();
    hearing.hidden = !steps.children.length;
  };
  const spoken = (step) => {
    if (Date.parse(step.at) <= drawnUpTo()) return; // heard again: it stands in the dialogue already
    const line = document.createElement("li");
    line.dataset.at = Date.parse(step.at);
    const bad = step.fault || step.code >= 400;
    line.append(part("strong", labels[step.stage] ?? step.stage, bad ? "wrong" : ""), " ");
    if (step.fault) line.append(part("strong", labels[step.fault] ?? step.fault, "wrong"), " ");
    const code = [step.code, step.enhanced].filter(Boolean).join(" ");
    if (code) line.append(part("code", code), " ");
    line.append(part("bdi", plain(step.text).slice(0, 300), "theirs"), " ");
    line.append(part("span", `${step.seconds.toFixed(3)} s`, "quiet"));
    steps.append(line);
    hearing.hidden = false;
  };

  // The server draws every part; what has changed is patched in its place.
  let again = false, busy = false, timer;
  const renew = async () => {
    if (busy) { again = true; return; }
    busy = true;
    try {
      const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
      if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch { /* the next event, or the stream when it is back, asks again */ }
    busy = false;
    if (again) { again = false; renew(); }
  };
  const show = (fresh) => {
    const now = fresh.getElementById("probe");
    if (!now) return;
    const waits = "onItsWay" in now.dataset;
    parts.renew(page, now);
    copying(page);
    tidy();
    if (!waits) { delete page.dataset.onItsWay; end(); }
  };
  const soon = () => { clearTimeout(timer); timer = setTimeout(renew, 40); };

  const names = ["attempt", "dialogue", "interrupted", "arrival", "look", "failed_look", "bounce", "traced", "verdict"];
  const on = Object.fromEntries(names.map((name) => [name, soon]));
  on.step = spoken;
  const end = mailpath.follow(`/api/v1/probes/${encodeURIComponent(page.dataset.probe)}/events`, on, renew);
})();
