// Light or dark, before anything is painted: the system's choice, or the reader's.
(() => {
  "use strict";
  const KEY = "crt-report-theme";
  const root = document.documentElement;

  function stored() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // browsers may refuse it to pages from disk
    }
  }

  function store(name) {
    try {
      localStorage.setItem(KEY, name);
    } catch {
      // then the choice lasts as long as the page
    }
  }

  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = (name) => {
    root.dataset.theme = name;
    document.dispatchEvent(new Event("crt-theme"));
  };
  apply(stored() || (system.matches ? "dark" : "light"));
  system.addEventListener("change", () => {
    if (!stored()) apply(system.matches ? "dark" : "light");
  });

  window.CRT = {
    toggleTheme() {
      const name = root.dataset.theme === "dark" ? "light" : "dark";
      store(name);
      apply(name);
    },
  };
})();
