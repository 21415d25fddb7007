// Curves, drawn by plotly once it is there: its script is large, and comes after the tables.
(() => {
  "use strict";

  // plotly reads a little HTML in names
  CRT.plain = (text) =>
    text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/\$/g, "&#36;");

  CRT.MARGIN = { l: 44, r: 12, t: 8, b: 40 };
  CRT.CONFIG = { displayModeBar: false, responsive: true };

  CRT.layout = (xTitle, yTitle, more = {}) => {
    const grid = CRT.css("--grid");
    const axis = {
      gridcolor: grid, linecolor: grid, zeroline: false, fixedrange: true, automargin: false,
      ticks: "", title: { font: { size: 12 }, standoff: 8 },
    };
    const { xaxis = {}, yaxis = {}, ...rest } = more;
    return {
      margin: CRT.MARGIN,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: CRT.css("--font"), size: 12, color: CRT.css("--soft") },
      showlegend: false,
      hovermode: "closest",
      hoverlabel: {
        bgcolor: CRT.css("--card"), bordercolor: CRT.css("--line"),
        font: { color: CRT.css("--text"), family: CRT.css("--font"), size: 12 },
      },
      xaxis: { ...axis, ...xaxis, title: { ...axis.title, text: xTitle } },
      yaxis: { ...axis, range: [0, 1.005], dtick: 0.2, ...yaxis, title: { ...axis.title, text: yTitle } },
      ...rest,
    };
  };

  let loading = null;
  CRT.plotly = () => {
    loading ||= new Promise((resolve, reject) => {
      const script = CRT.make("script", { src: "plotly.min.js" });
      script.addEventListener("load", () => resolve(window.Plotly));
      script.addEventListener("error", () => reject(new Error("plotly.min.js cannot be loaded")));
      document.head.append(script);
    });
    return loading;
  };

  const AXES = {
    success: { x: "overlap threshold", y: "success rate", threshold: "overlap > %{x:.2f}", end: 1 },
    precision: { x: "location error threshold, px", y: "precision", threshold: "within %{x} px", end: 50 },
  };

  CRT.Curves = class {
    constructor(model) {
      this.model = model;
    }

    async show() {
      const Plotly = await CRT.plotly();
      for (const kind of ["success", "precision"]) {
        const { x, y, threshold, end } = AXES[kind];
        const traces = this.traces(kind, threshold, end);
        const range = [0, end];
        const none = this.model.trackers.every((tracker) => tracker[kind].every((curve) => !curve));
        CRT.byId(kind).closest("figure").hidden = none;
        if (none) continue;
        await Plotly.react(
          CRT.byId(kind), traces, CRT.layout(x, y, { xaxis: { range } }), CRT.CONFIG
        );
      }
    }

    traces(kind, threshold, end) {
      const { model } = this;
      const basis = model.basis();
      const traces = [];
      for (const tracker of model.shownTrackers) {
        const y = model.curve(tracker, kind, basis);
        if (!y) continue;
        traces.push({
          x: y.map((_, i) => end * i / (y.length - 1)), y, name: CRT.plain(tracker.name), mode: "lines",
          line: { color: tracker.color, dash: tracker.dash, width: tracker.ours ? 3.5 : 2 },
          hovertemplate: `<b>%{fullData.name}</b><br>%{y:.3f} ${threshold}<extra></extra>`,
        });
      }
      return traces.reverse(); // ours on top
    }
  };
})();
