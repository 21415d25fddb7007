// Scores and means; nothing of the page.
(() => {
  "use strict";

  // Seven hues that stay apart for colour-blind eyes, on light and dark; then other dashes.
  const COLORS = ["#e3541f", "#2f7fd6", "#0e9b76", "#b8860b", "#c45ba4", "#17a2c6", "#7b8594"];
  const DASHES = [
    { plotly: "solid", canvas: [] },
    { plotly: "dash", canvas: [6, 4] },
    { plotly: "dot", canvas: [2, 3] },
    { plotly: "dashdot", canvas: [8, 3, 2, 3] },
  ];
  const BEST = 5; // trackers beside ours in the short selection

  CRT.Model = class {
    constructor(data) {
      Object.assign(this, data);
      CRT.METRICS = Object.fromEntries(this.metrics.map(({ key, label }) => [key, label]));
      this.trackers.forEach((tracker, number) => {
        const dash = DASHES[Math.floor(number / COLORS.length) % DASHES.length];
        tracker.number = number;
        tracker.color = COLORS[number % COLORS.length];
        tracker.dash = dash.plotly;
        tracker.dashes = dash.canvas;
        tracker.any = tracker.auc.some((value) => value !== null);
      });
      this.part = this.parts[0];
      this.metric = "auc";
      this.shown = new Set(this.trackers.map((tracker) => tracker.number));
    }

    get shownTrackers() {
      return this.trackers.filter((tracker) => this.shown.has(tracker.number));
    }

    best(count = BEST) {
      const ours = this.trackers.filter((tracker) => tracker.ours && tracker.any);
      const others = this.trackers.filter((tracker) => !tracker.ours && tracker.any);
      return [...ours.slice(0, count), ...others.slice(0, count)].map((t) => t.number);
    }

    // The sequences of a part that means are over. "common": those that all shown trackers have;
    // a tracker without any result does not count, since nothing would be left.
    basis(part = this.part) {
      if (this.mode === "all") return part.sequences;
      const having = this.shownTrackers.filter((tracker) => tracker.any);
      return part.sequences.filter((s) => having.every((tracker) => tracker.auc[s] !== null));
    }

    // Means over frames weigh each sequence by its frames.
    average(values, sequences) {
      const weights = sequences.map((s) => this.sequences[s].weight);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return values.reduce((sum, value, i) => sum + weights[i] * value, 0) / total;
    }

    // A mean over sequences, or why there is none: never a mean over fewer.
    mean(tracker, metric, sequences) {
      if (metric === "fps") return this.speed(tracker, sequences);
      const why = this.whyNone(tracker, sequences);
      if (why) return { value: null, why };
      return { value: this.average(sequences.map((s) => tracker[metric][s]), sequences) };
    }

    whyNone(tracker, sequences) {
      if (!sequences.length) {
        return "No mean: the shown trackers have no sequence in common here.";
      }
      const missing = sequences.filter((s) => tracker.auc[s] === null);
      if (!missing.length) return "";
      if (missing.length === sequences.length) {
        return `No mean: ${tracker.name} has none of these sequences (${this.reason(tracker, missing[0])}).`;
      }
      const names = missing.slice(0, 3).map((s) => this.sequences[s].name).join(", ");
      const more = missing.length > 3 ? ` and ${missing.length - 3} more` : "";
      const reasons = new Set(missing.map((s) => this.reason(tracker, s)));
      const why = reasons.size === 1 ? [...reasons][0] : "reasons in the table of sequences";
      return `No mean: ${tracker.name} lacks ${names}${more} (${why}).`;
    }

    speed(tracker, sequences) {
      const why = this.whyNone(tracker, sequences);
      if (why) return { value: null, why };
      const values = sequences.map((s) => tracker.fps[s]).filter((value) => value !== null);
      if (!values.length) return { value: null, why: "No times were kept of these results." };
      if (values.length < sequences.length) {
        return { value: null, why: "No mean: times of some of these sequences were not kept." };
      }
      return { value: this.average(values, sequences) };
    }

    reason(tracker, sequence) {
      return this.reasons[tracker.missing[sequence]];
    }

    // Mean curve as fractions, null where the mean of the tracker is empty
    curve(tracker, kind, sequences) {
      if (this.whyNone(tracker, sequences)) return null;
      const curves = sequences.map((s) => tracker[kind][s]);
      if (!curves[0]) return null; // GOT-10k has no precision
      return curves[0].map((_, i) => this.average(curves.map((curve) => curve[i] / 10000), sequences));
    }

    // Interval of the mean difference of AUC, a minus b, in the part that is shown
    difference(a, b) {
      for (const [first, second, mean, low, high, sequences] of this.pairs[this.part.key] || []) {
        if (first === a && second === b) return { mean, low, high, sequences };
        if (first === b && second === a) return { mean: -mean, low: -high, high: -low, sequences };
      }
      return null;
    }
  };

  CRT.number = (value, metric) => value.toFixed(metric === "fps" ? 1 : 3);
  CRT.signed = (value) => (value < 0 ? "\u2212" : "+") + Math.abs(value).toFixed(3);
})();
