// What is alive on every page: times that grow older, and the stream of events with its quiet mark.
// Without it every page is complete; with it, it moves.
"use strict";

window.mailpath = (() => {
  const UNITS = [[86400, "d"], [3600, "h"], [60, "min"]];

  const span = (seconds) => {
    for (const [size, unit] of UNITS) if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}`;
    return `${Math.max(0, Math.floor(seconds))} s`;
  };

  // The server's clock counts, not this machine's: its page says when it was made.
  const skew = () => {
    const made = document.querySelector("[data-made]");
    return made ? Date.parse(made.dataset.made) - performance.timeOrigin : 0;
  };
  const offset = skew();
  const now = () => Date.now() + (Math.abs(offset) > 120000 ? offset : 0);

  // Times that the server wrote in UTC become the reader's own; pointing at one shows UTC. Whoever chose UTC keeps it.
  const local = document.documentElement.dataset.zone !== "utc";
  const two = (number) => String(number).padStart(2, "0");
  const clock = (at, seconds) => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}${seconds ? `:${two(at.getSeconds())}` : ""}`;
  const utc = (at) => `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  const inZone = (time) => {
    const at = new Date(time.dateTime), text = time.textContent;
    if (Number.isNaN(at.getTime())) return;
    if ("ago" in time.dataset) time.title = `${clock(at, true)} here, ${utc(at)}`;
    else if (text.endsWith("UTC")) { time.title = utc(at); time.textContent = clock(at, /:\d\d:\d\d UTC$/.test(text)); }
  };

  const grow = () => {
    if (local) for (const time of document.querySelectorAll("time[datetime]")) inZone(time);
    for (const time of document.querySelectorAll("time[data-ago]")) {
      const text = `${span((now() - Date.parse(time.dateTime)) / 1000)} ago`;
      if (time.textContent !== text) time.textContent = text;
    }
  };
  const zone = document.getElementById("zone");
  if (zone && local) zone.textContent = `Times are local (${Intl.DateTimeFormat().resolvedOptions().timeZone}); point at one for UTC.`;
  grow();
  setInterval(grow, 5000);

  // The mark says "Live" only while events arrive and the page itself can be read again.
  let streaming = "", current = true;
  const mark = (state = streaming) => {
    streaming = state;
    const place = document.getElementById("live");
    if (!place || !state) return;
    const shown = current ? state : "lost";
    const word = place.querySelector("[role=status]");
    const text = { live: "Live", done: "Complete" }[shown] || "Not connected";
    if (word.textContent !== text) word.textContent = text;
    place.dataset.state = shown;
  };
  const readable = (yes) => { current = yes; mark(); };

  // Follow a stream of events. `on` has a function for each name of event; `back` is called when the stream is there
  // again after it was lost, so that what was missed can be read anew. Returns a function that ends it. A stream that was
  // told to its end is not lost: what it was about is complete.
  const follow = (url, on, back = () => {}) => {
    let source, timer, lost = false, wait = 1000, over = false;
    const open = () => {
      source = new EventSource(url);
      source.onopen = () => { mark("live"); wait = 1000; if (lost) back(); lost = false; };
      source.onerror = () => {
        if (over) return;
        lost = true;
        mark("lost");
        if (source.readyState === EventSource.CLOSED) {
          timer = setTimeout(open, wait);
          wait = Math.min(wait * 2, 60000);
        }
      };
      source.addEventListener("end", finish);
      for (const [name, hear] of Object.entries(on))
        source.addEventListener(name, (event) => { try { hear(JSON.parse(event.data), event); } catch (error) { console.error(error); } });
    };
    const end = () => { over = true; clearTimeout(timer); source?.close(); };
    const finish = () => { end(); mark("done"); };
    open();
    addEventListener("pagehide", end, { once: true });
    return finish;
  };

  return { follow, readable, span, grow, now };
})();
