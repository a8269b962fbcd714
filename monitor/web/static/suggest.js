// Fields in which a company or a path is typed: while somebody types, the list of the field is what the server finds.
// Without this the list is what the page was loaded with, and what is typed is looked up when the form is sent.
"use strict";

(() => {
  const REST = 150;
  for (const field of document.querySelectorAll("input[data-suggest]")) {
    let timer = null, asked = field.value;
    const ask = async () => {
      const typed = field.value.trim();
      if (typed === asked || [...field.list.options].some((each) => each.value === typed)) return;
      asked = typed;
      const query = new URLSearchParams({ for: field.dataset.suggest, q: typed });
      const answer = await fetch(`/suggestions?${query}`, { headers: { Accept: "application/json" } }).catch(() => null);
      if (!answer?.ok || typed !== asked) return;  // the reader has typed on
      const found = await answer.json();
      field.list.replaceChildren(...found.map(({ value, label }) => new Option(label, value)));
    };
    field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, REST); });
  }
})();
