// Two trackers, sequence by sequence.
(() => {
  "use strict";
  const { byId, make } = CRT;

  CRT.Rivals = class {
    constructor(model, actions) {
      this.model = model;
      this.actions = actions;
      this.table = new CRT.SortedTable(byId("rival-table"), byId("rival-notes"), {
        key: "difference", order: "descending",
      });
      const options = model.trackers.map((tracker) => [tracker.number, tracker.name]);
      CRT.fill(byId("rival-a"), options, 0);
      const rival = model.trackers.findIndex((tracker) => !tracker.ours && tracker.number > 0);
      CRT.fill(byId("rival-b"), options, rival < 0 ? options.length - 1 : rival);
      for (const id of ["rival-a", "rival-b"]) {
        byId(id).addEventListener("change", () => this.show());
      }
      byId("rival-swap").addEventListener("click", () => {
        [byId("rival-a").value, byId("rival-b").value] = [byId("rival-b").value, byId("rival-a").value];
        this.show();
      });
    }

    show() {
      const [a, b] = ["rival-a", "rival-b"].map((id) => this.model.trackers[Number(byId(id).value)]);
      this.showVerdict(a, b);
      const side = (key, tracker) => ({ key, text: tracker.name, swatch: tracker, className: "number" });
      const columns = [
        { key: "name", text: "sequence", start: "ascending" },
        side("a", a), side("b", b),
        { key: "difference", text: "A \u2212 B", className: "number" },
        { key: "bar", text: "", className: "bar-cell" },
      ];
      const { sequences } = this.model.part;
      const both = sequences.filter((s) => a.auc[s] !== null && b.auc[s] !== null);
      this.largest = Math.max(0.05, ...both.map((s) => Math.abs(a.auc[s] - b.auc[s])));
      this.table.show(columns, sequences.map((s) => this.row(s, a, b)));
    }

    showVerdict(a, b) {
      const { model } = this;
      const found = model.difference(a.number, b.number);
      const text = (words, className = "") => make("span", { className, textContent: words });
      if (a === b) {
        byId("verdict").replaceChildren("Choose two different trackers.");
      } else if (!found) {
        byId("verdict").replaceChildren(
          `${a.name} and ${b.name} have fewer than two sequences in common here: no interval.`
        );
      } else {
        const clear = found.low > 0 || found.high < 0;
        const reading = clear ? "the interval leaves 0 out" : "the interval holds 0";
        byId("verdict").replaceChildren(
          text(`${CRT.signed(found.mean)} ${CRT.METRICS.auc} `, "figure"),
          text(`95 % interval ${CRT.signed(found.low)} to ${CRT.signed(found.high)}, over the ` +
            `${found.sequences} of ${model.part.sequences.length} sequences that both have; ${reading}.`)
        );
      }
    }

    row(s, a, b) {
      const { model } = this;
      const sequence = model.sequences[s];
      const button = make("button", { type: "button", className: "link" }, sequence.name);
      button.addEventListener("click", () => this.actions.openSequence(s, [a.number, b.number]));
      const cells = { name: { value: sequence.name, node: button } };
      for (const [key, tracker] of [["a", a], ["b", b]]) {
        const value = tracker.auc[s];
        cells[key] = value === null
          ? { value, why: `${tracker.name}: ${model.reason(tracker, s)}.` }
          : { value, text: CRT.number(value, "auc") };
      }
      if (a.auc[s] === null || b.auc[s] === null) {
        const why = "No difference: one of the two has no score of this sequence.";
        cells.difference = { value: null, why };
        cells.bar = { value: null };
      } else {
        const difference = a.auc[s] - b.auc[s];
        cells.difference = { value: difference, text: CRT.signed(difference) };
        const bar = make("span", { className: `bar-fill ${difference < 0 ? "minus" : "plus"}` });
        bar.style.setProperty("--length", (Math.abs(difference) / this.largest).toFixed(3));
        bar.style.setProperty("--color", (difference < 0 ? b : a).color);
        cells.bar = { value: difference, node: bar };
      }
      return { cells };
    }
  };
})();
