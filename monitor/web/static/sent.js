// Probes that were sent together: the table is drawn anew until each has its verdict. Without it there is a link.
"use strict";

(() => {
  const EVERY = 1500; // milliseconds; a stream for each would be more than a browser opens
  const place = document.getElementById("sent");
  if (!place || !place.dataset.waiting) return;
  let drawn = place.innerHTML;
  const look = async () => {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.ok) {
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("sent");
        if (fresh && fresh.innerHTML !== drawn) {
          drawn = fresh.innerHTML;
          const at = place.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
          place.replaceChildren(...fresh.childNodes);
          if (at) place.querySelector(`a[href="${at}"]`)?.focus();
        }
        if (fresh && !fresh.dataset.waiting) return;
      }
    } catch { /* it is asked again */ }
    setTimeout(look, EVERY);
  };
  setTimeout(look, EVERY);
})();
