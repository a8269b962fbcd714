// Buttons that copy the text of the element that they name. Without it the text can be selected.
"use strict";

window.copying = (root) => {
  for (const button of root.querySelectorAll("[data-copy]")) {
    button.hidden = !navigator.clipboard;
    if (button.dataset.ready) continue;
    button.dataset.ready = "yes";
    button.addEventListener("click", async () => {
      const text = document.getElementById(button.dataset.copy).textContent;
      try { await navigator.clipboard.writeText(text.trim()); button.textContent = "Copied"; }
      catch { button.textContent = "Could not copy; select it by hand"; }
      setTimeout(() => { button.textContent = "Copy"; }, 3000);
    });
  }
};
copying(document);
