// Small helps on top of pages that work without any script: leaving quickly, closing the account menu, a chosen day in words.
(() => {
  "use strict";

  // "Forlat siden raskt": replace, so that the back button does not lead here again.
  document.addEventListener("click", (event) => {
    const exit = event.target.closest("[data-quick-exit]");
    if (exit) {
      event.preventDefault();
      window.location.replace(exit.href);
    }
    document.querySelectorAll("details.st-account[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
    if (event.target.closest("[data-print]")) window.print();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.querySelectorAll("details.st-account[open]").forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });

  // A second press on a submit button while the first is under way does nothing (the server is idempotent as well).
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 8000);
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  });

  // A chosen day, in words: the browser's own way of writing it varies.
  document.addEventListener("input", (event) => {
    const words = event.target.type === "date" && event.target.closest("ds-field")?.querySelector("[data-day]");
    if (!words) return;
    const day = event.target.valueAsDate;
    words.hidden = !day;
    const form = { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" };
    const said = day ? new Intl.DateTimeFormat("nb-NO", form).format(day) : "";
    words.textContent = said.charAt(0).toUpperCase() + said.slice(1);
  });

  // Things that only make sense with a script are hidden until it runs.
  document.querySelectorAll("[data-needs-script]").forEach((element) => element.removeAttribute("hidden"));
})();
