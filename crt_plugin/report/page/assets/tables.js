// Tables that are sorted by a click on a heading, or enter and space on it.
(() => {
  "use strict";
  const { make } = CRT;

  // columns: {key, text, title, className, swatch, start}; start is "ascending" or "descending".
  // rows: {cells: {key: {value, text, node, why, best, share}}}; null values sort last.
  CRT.SortedTable = class {
    constructor(table, notes, sort) {
      this.table = table;
      this.notes = notes;
      this.sort = sort;
      this.head = make("thead");
      this.body = make("tbody");
      table.replaceChildren(this.head, this.body);
    }

    show(columns, rows) {
      this.columns = columns;
      if (!columns.some((column) => column.key === this.sort.key)) {
        this.sort = { key: columns[0].key, order: columns[0].start || "ascending" };
      }
      const focused = document.activeElement?.dataset?.sort;
      const inside = this.head.contains(document.activeElement);
      this.head.replaceChildren(make("tr", {}, ...columns.map((column) => this.heading(column))));
      this.footnotes = new CRT.Footnotes(this.notes);
      this.rows = rows.map((row) => ({ row, element: this.element(row) }));
      this.footnotes.show();
      this.order();
      if (inside && focused) {
        const again = [...this.head.querySelectorAll("button")];
        again.find((button) => button.dataset.sort === focused)?.focus();
      }
    }

    heading(column) {
      const button = make("button", { type: "button", title: column.title || "" });
      button.dataset.sort = column.key;
      if (column.swatch) button.append(CRT.swatch(column.swatch));
      button.append(make("span", { textContent: column.text }));
      button.addEventListener("click", () => this.choose(column));
      return make("th", { scope: "col", className: column.className || "" }, button);
    }

    choose(column) {
      const start = column.start || "descending";
      const other = start === "descending" ? "ascending" : "descending";
      const again = this.sort.key === column.key && this.sort.order === start;
      this.sort = { key: column.key, order: again ? other : start };
      this.order();
    }

    element(row) {
      const cells = this.columns.map((column, i) => this.cell(row.cells[column.key], column, i));
      return make("tr", {}, ...cells);
    }

    cell(cell, column, place) {
      const element = make(place ? "td" : "th", { className: column.className || "" });
      if (!place) element.scope = "row";
      if (cell.node) element.append(cell.node);
      else if (cell.value === null) element.append(...(cell.why ? [this.footnotes.mark(cell.why)] : []));
      else element.append(cell.text ?? String(cell.value));
      if (cell.best) element.classList.add("best");
      if (cell.share !== undefined) element.style.setProperty("--share", cell.share.toFixed(3));
      return element;
    }

    order() {
      const { key, order } = this.sort;
      const sign = order === "ascending" ? 1 : -1;
      const value = (entry) => entry.row.cells[key].value;
      const compare = (a, b) => {
        if (value(a) === null || value(b) === null) {
          return (value(a) === null) - (value(b) === null);
        }
        if (typeof value(a) === "string") {
          return sign * value(a).localeCompare(value(b), "en", { numeric: true });
        }
        return sign * (value(a) - value(b));
      };
      this.rows.sort(compare);
      this.body.replaceChildren(...this.rows.map((entry) => entry.element));
      this.columns.forEach((column, i) => {
        const heading = this.head.rows[0].cells[i];
        if (column.key === key) heading.setAttribute("aria-sort", order);
        else heading.removeAttribute("aria-sort");
      });
    }
  };

  const numeric = "number";

  function score(value, metric, why) {
    if (value === null) return { value: null, why };
    return { value, text: CRT.number(value, metric), share: Math.max(0, Math.min(1, value)) };
  }

  function markBest(cells) {
    const values = cells.map((cell) => cell.value).filter((value) => value !== null);
    if (values.length < 2) return;
    const best = Math.max(...values);
    for (const cell of cells) if (cell.value !== null && cell.value >= best - 5e-7) cell.best = true;
  }

  const trackerColumn = (tracker) => ({
    key: `t${tracker.number}`,
    text: tracker.name,
    swatch: tracker,
    className: numeric,
  });

  function named(tracker) {
    return make("span", { className: "named" }, CRT.swatch(tracker), tracker.name);
  }

  CRT.Tables = class {
    constructor(model, actions) {
      this.model = model;
      this.actions = actions;
      const table = (id, notes, sort) =>
        new CRT.SortedTable(CRT.byId(id), CRT.byId(notes), sort);
      this.means = table("means", "means-notes", { key: "auc", order: "descending" });
      this.attributes = table("attribute-table", "attribute-notes", { key: "name", order: "ascending" });
      this.sequences = table("sequence-table", "sequence-notes", { key: "name", order: "ascending" });
    }

    show() {
      this.showMeans();
      this.showAttributes();
      this.showSequences();
    }

    showMeans() {
      const { model } = this;
      const basis = model.basis();
      const columns = [{ key: "name", text: "tracker", start: "ascending" }];
      for (const [key, text] of Object.entries(CRT.METRICS)) {
        columns.push({ key, text, className: numeric });
      }
      columns.push({ key: "count", text: "has results of", className: numeric });
      const rows = model.shownTrackers.map((tracker) => {
        const cells = { name: { value: tracker.name, node: named(tracker) } };
        for (const metric of Object.keys(CRT.METRICS)) {
          const { value, why } = model.mean(tracker, metric, basis);
          cells[metric] = score(value, metric, why);
            delete cells[metric].share; // no tint: the rows are few
        }
        const own = model.part.sequences.filter((s) => tracker.auc[s] !== null).length;
        cells.count = { value: own, text: `${own} of ${model.part.sequences.length}` };
        return { cells };
      });
      const scores = Object.keys(CRT.METRICS).filter((metric) => metric !== "fps");
      for (const metric of scores) markBest(rows.map((row) => row.cells[metric]));
      this.means.show(columns, rows);
    }

    showAttributes() {
      const { model } = this;
      const columns = [
        { key: "name", text: "part", start: "ascending" },
        { key: "count", text: "n", title: "sequences that the means are over", className: numeric },
        ...model.shownTrackers.map(trackerColumn),
      ];
      const rows = model.parts.map((part, place) => this.attributeRow(part, place));
      this.attributes.show(columns, rows);
      const without = model.parts.some((part) => part.is_attribute)
        ? model.sequences.filter((sequence) => !sequence.attributes.length)
        : [];
      const list = CRT.byId("attribute-notes");
      if (without.length) {
        const names = without.map((sequence) => sequence.name).join(", ");
        list.append(make("p", {
          textContent: `No attributes are known of ${names}: in no attribute's mean.`,
        }));
      }
      if (!model.parts.some((part) => part.is_attribute)) {
        list.append(make("p", {
          textContent: "No attributes are known of these sequences: only the mean of all is here.",
        }));
      }
    }

    attributeRow(part, place) {
      const { model } = this;
      const basis = model.basis(part);
      const short = part.is_attribute ? make("abbr", { textContent: part.key }) : "";
      const button = make("button", { type: "button", className: "link" }, short, part.label);
      button.addEventListener("click", () => this.actions.choosePart(part.key));
      const cells = { name: { value: place, node: button } }; // sorted in the benchmark's order
      cells.count = { value: basis.length };
      for (const tracker of model.shownTrackers) {
        const { value, why } = model.mean(tracker, model.metric, basis);
        cells[`t${tracker.number}`] = score(value, model.metric, why);
      }
      markBest(model.shownTrackers.map((tracker) => cells[`t${tracker.number}`]));
      return { cells };
    }

    showSequences() {
      const { model } = this;
      const columns = [
        { key: "name", text: "sequence", start: "ascending" },
        { key: "frames", text: "frames", className: numeric },
        ...model.shownTrackers.map(trackerColumn),
      ];
      this.sequences.show(columns, model.part.sequences.map((s) => this.sequenceRow(s)));
    }

    sequenceRow(s) {
      const { model } = this;
      const sequence = model.sequences[s];
      const about = sequence.attributes.join(", ") || "no attributes are known";
      const button = make("button", { type: "button", className: "link", title: about }, sequence.name);
      button.addEventListener("click", () => this.actions.openSequence(s));
      const cells = { name: { value: sequence.name, node: button } };
      cells.frames = { value: sequence.frames };
      for (const tracker of model.shownTrackers) {
        const value = tracker[model.metric][s];
        const why = value === null ? `Left empty: ${model.reason(tracker, s)}.` : "";
        cells[`t${tracker.number}`] = score(value, model.metric, why);
      }
      markBest(model.shownTrackers.map((tracker) => cells[`t${tracker.number}`]));
      return { cells };
    }
  };
})();
