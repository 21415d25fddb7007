// What the page does when its data are there.
(() => {
  "use strict";
  const { byId, make } = CRT;

  // ------------------------------------------------------------------------------- data files

  const waiting = new Map(); // file: {promise, resolve}
  let started = false;

  window.crtReport = (key, data) => {
    if (key === "summary") start(data);
    else waiting.get(key)?.resolve(data);
  };

  // Data of a file in data/, which comes as a script: a page from disk may fetch nothing.
  CRT.load = (file) => {
    if (!waiting.has(file)) {
      const entry = {};
      entry.promise = new Promise((resolve, reject) => Object.assign(entry, { resolve, reject }));
      waiting.set(file, entry);
      const script = make("script", { src: `data/${encodeURIComponent(file)}.js` });
      script.addEventListener("error", () => entry.reject(new Error(`data/${file}.js is missing`)));
      document.head.append(script);
    }
    return waiting.get(file).promise;
  };

  // ------------------------------------------------------------------------------------ chips

  // Buttons that switch trackers on and off; chosen is a Set of their numbers.
  CRT.Chips = class {
    constructor(element, trackers, chosen, onChange) {
      this.chosen = chosen;
      this.onChange = onChange;
      this.buttons = trackers.map((tracker) => this.button(tracker));
      element.replaceChildren(...this.buttons);
      this.show();
    }

    button(tracker) {
      const button = make("button", { type: "button", className: "chip" }, CRT.swatch(tracker), tracker.name);
      button.addEventListener("click", () => {
        if (this.chosen.has(tracker.number)) this.chosen.delete(tracker.number);
        else this.chosen.add(tracker.number);
        this.show();
        this.onChange();
      });
      return button;
    }

    show() {
      this.buttons.forEach((button, number) =>
        button.setAttribute("aria-pressed", String(this.chosen.has(number))));
    }
  };

  // ------------------------------------------------------------------------------------- page

  function start(data) {
    started = true;
    const model = new CRT.Model(data);
    const page = new Page(model);
    page.show();
    performance.mark("crt-tables");
    document.documentElement.dataset.tables = "shown";
    // the tables are painted first, then the large script of the curves is read
    requestAnimationFrame(() => setTimeout(() => page.showCurves(), 0));
  }

  class Page {
    constructor(model) {
      this.model = model;
      this.header();
      const actions = {
        choosePart: (key) => this.choosePart(key),
        openSequence: (s, trackers) => this.openSequence(s, trackers),
      };
      this.player = new CRT.Player(model);
      this.tables = new CRT.Tables(model, actions);
      this.rivals = new CRT.Rivals(model, actions);
      this.curves = new CRT.Curves(model);
      this.controls();
      this.notes();
    }

    header() {
      const { about, trackers } = this.model;
      const title = `${about.benchmark}: ${trackers.length} tracker${trackers.length === 1 ? "" : "s"}`;
      byId("title").textContent = title;
      document.title = `CRT report, ${title}`;
      byId("facts").textContent = `${about.sequences} of ${about.listed} sequences \u00b7 ` +
        `crt_plugin ${about.version} \u00b7 ${about.made}`;
      byId("made").textContent = `By crt_plugin ${about.version}, ${about.made}, on ${about.machine}.`;
    }

    controls() {
      const { model } = this;
      CRT.fill(byId("part"), model.parts.map((part) => [
        part.key,
        `${part.is_attribute ? `${part.key}, ` : ""}${part.label} (${part.sequences.length})`,
      ]));
      const scores = Object.entries(CRT.METRICS).filter(([key]) => key !== "fps");
      CRT.fill(byId("metric"), scores, model.metric);
      byId("mode").value = model.mode;
      const change = (id, action) => byId(id).addEventListener("change", (event) => {
        action(event.target.value);
        this.show();
      });
      change("part", (key) => { model.part = model.parts.find((part) => part.key === key); });
      change("mode", (mode) => { model.mode = mode; });
      change("metric", (metric) => { model.metric = metric; });
      this.chips = new CRT.Chips(byId("chips"), model.trackers, model.shown, () => this.show());
      const choose = (numbers) => {
        model.shown.clear();
        numbers.forEach((number) => model.shown.add(number));
        this.chips.show();
        this.show();
      };
      byId("show-all").addEventListener("click", () => choose(model.trackers.map((t) => t.number)));
      byId("show-best").addEventListener("click", () => choose(model.best()));
      byId("theme").addEventListener("click", CRT.toggleTheme);
      byId("help-open").addEventListener("click", () => byId("help").showModal());
      document.addEventListener("keydown", (event) => this.key(event));
      document.addEventListener("crt-theme", () => this.showCurves());
    }

    key(event) {
      const typing = ["SELECT", "INPUT", "TEXTAREA"].includes(event.target.tagName);
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "d") CRT.toggleTheme();
      if (event.key === "?" && !byId("help").open) byId("help").showModal();
    }

    notes() {
      const { model } = this;
      for (const { label, text } of model.metrics) {
        byId("mean-term").before(make("dt", { textContent: label }), make("dd", { textContent: text }));
      }
      byId("mean-text").textContent = model.meaning;
      for (const element of document.querySelectorAll(".main-metric")) {
        element.textContent = CRT.METRICS.auc;
      }
      const texts = [...model.notes];
      for (const tracker of model.trackers) texts.push(...this.missing(tracker));
      if (!texts.length) texts.push("Nothing: every tracker has a whole result of every sequence.");
      byId("note-list").replaceChildren(...texts.map((text) => make("li", { textContent: text })));
    }

    // One line for each reason that a tracker lacks sequences for
    missing(tracker) {
      const lines = new Map();
      for (const [s, reason] of Object.entries(tracker.missing)) {
        if (!lines.has(reason)) lines.set(reason, []);
        lines.get(reason).push(this.model.sequences[s].name);
      }
      return [...lines].map(([reason, names]) => {
        const some = names.slice(0, 8).join(", ") + (names.length > 8 ? ` and ${names.length - 8} more` : "");
        return `${tracker.name}: ${this.model.reasons[reason]} (${some}). Its cells are empty, and ` +
          "no mean over all of these sequences is given.";
      });
    }

    choosePart(key) {
      byId("part").value = key;
      byId("part").dispatchEvent(new Event("change"));
    }

    async openSequence(s, trackers) {
      byId("player").scrollIntoView({ block: "start" });
      byId("stage").focus({ preventScroll: true });
      await this.player.open(s, trackers);
    }

    show() {
      const { model } = this;
      for (const element of document.querySelectorAll(".metric-name")) {
        element.textContent = CRT.METRICS[model.metric];
      }
      this.showBasis();
      this.tables.show();
      this.rivals.show();
      if (window.Plotly) this.curves.show();
    }

    showBasis() {
      const { model } = this;
      const all = model.part.sequences.length;
      const basis = model.basis().length;
      const part = model.part.key === "all" ? "" : ` (${model.part.label})`;
      const lacking = model.shownTrackers.filter((tracker) => model.whyNone(tracker, model.basis()));
      const left = lacking.length
        ? ` No mean of ${lacking.map((tracker) => tracker.name).join(", ")}: some of them are missing.`
        : "";
      const which = model.mode === "common" ? "those that all shown trackers have" : "the same for every tracker";
      byId("basis").textContent =
        `Means and curves are over ${basis} of ${all} sequences${part}: ${which}.${left}`;
    }

    async showCurves() {
      await this.curves.show();
      performance.mark("crt-curves");
      document.documentElement.dataset.curves = "shown";
      if (this.player.data) await this.player.showPlot();
      else this.openFirst();
    }

    // The player waits with its data until it is nearly in view.
    openFirst() {
      if (this.watch || !this.model.sequences.length) return;
      const first = Math.max(0, this.model.sequences.findIndex((sequence) => sequence.pictures));
      this.watch = new IntersectionObserver((entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        this.watch.disconnect();
        if (this.player.sequence === null) this.player.open(first);
      }, { rootMargin: "400px" });
      this.watch.observe(byId("player"));
    }
  }

  addEventListener("DOMContentLoaded", () => {
    if (!started) byId("facts").textContent = "data/summary.js is missing beside this page.";
  });
})();
