// A sequence, frame by frame: boxes on the picture, overlap over time, response maps.
(() => {
  "use strict";
  const { byId, make } = CRT;
  const FPS = 25; // of speed 1
  const AHEAD = 12; // pictures that are loaded ahead
  const KEPT = 80; // pictures that are held
  const MARGIN = { l: 44, r: 12, t: 6, b: 30 };
  const TRUTH = "#ffffff";
  const EDGE = "rgba(10, 12, 16, 0.85)";

  // Pictures of a sequence by frame; those ahead are decoded before their turn.
  class Pictures {
    constructor(folder, count, unread) {
      Object.assign(this, { folder, count, kept: new Map(), unread: new Set(unread) });
    }

    // {image} when decoded, {broken: true} where there is none, null while it loads
    get(frame) {
      for (let k = 0; k <= AHEAD && frame + k < this.count; k++) this.load(frame + k);
      return this.kept.get(frame).state;
    }

    load(frame) {
      const known = this.kept.get(frame);
      if (known) { // it is the last to go now
        this.kept.delete(frame);
        this.kept.set(frame, known);
        return;
      }
      const entry = { state: this.unread.has(frame) ? { broken: true } : null };
      this.kept.set(frame, entry);
      if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value);
      if (entry.state) return;
      const image = new Image();
      image.src = `${this.folder}/${String(frame).padStart(4, "0")}.jpg`;
      image.decode().then(
        () => { entry.state = { image }; this.onload?.(frame); },
        () => { entry.state = { broken: true }; this.onload?.(frame); }
      );
    }
  }

  // Response maps of one tracker: clear to bright over 0 to 1, by the square root.
  class Responses {
    constructor(data) {
      const text = atob(data.maps);
      this.bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
      this.data = data;
      this.canvas = make("canvas", { width: data.columns, height: data.rows });
    }

    draw(context, frame, unit) {
      const { rows, columns, low, high, rects, angles } = this.data;
      if (rects[4 * frame] === null || rects[4 * frame] === undefined) return;
      const pixels = new ImageData(columns, rows);
      const start = frame * rows * columns;
      for (let i = 0; i < rows * columns; i++) {
        const value = low[frame] + (this.bytes[start + i] / 255) * (high[frame] - low[frame]);
        const v = Math.sqrt(Math.max(0, Math.min(1, value))); // weak peaks are to be seen too
        pixels.data[4 * i] = 255 * Math.min(1, 1.6 * v + 0.25);
        pixels.data[4 * i + 1] = 255 * Math.max(0, 1.5 * v - 0.35);
        pixels.data[4 * i + 2] = 255 * (v < 0.5 ? 0.5 - v : 1.6 * (v - 0.5));
        pixels.data[4 * i + 3] = 225 * Math.max(0, Math.min(1, 1.5 * v - 0.3));
      }
      this.canvas.getContext("2d").putImageData(pixels, 0, 0);
      const [x, y, w, h] = rects.slice(4 * frame, 4 * frame + 4).map((value) => value / 10);
      context.imageSmoothingEnabled = true;
      context.save();
      context.translate(x + w / 2, y + h / 2);
      context.rotate(angles[frame]);
      context.drawImage(this.canvas, -w / 2, -h / 2, w, h);
      context.lineWidth = unit;
      context.setLineDash([4 * unit, 4 * unit]);
      context.strokeStyle = "rgba(255, 255, 255, 0.7)";
      context.strokeRect(-w / 2, -h / 2, w, h);
      context.restore();
    }
  }

  CRT.Player = class {
    constructor(model) {
      this.model = model;
      this.chosen = new Set(model.best(3));
      this.frame = 0;
      this.sequence = null;
      this.responses = new Map();
      this.fillControls();
      this.listen();
    }

    fillControls() {
      const { model } = this;
      CRT.fill(byId("player-sequence"), model.sequences.map((sequence, s) => [
        s, sequence.name + (sequence.pictures ? "" : " (no pictures)"),
      ]));
      this.chips = new CRT.Chips(byId("player-chips"), model.trackers, this.chosen, () => {
        this.fillFollowed();
        this.showPlot();
        this.draw();
      });
      this.fillFollowed();
    }

    fillFollowed() {
      const before = byId("player-tracker").value;
      const options = this.model.trackers.filter((tracker) => this.chosen.has(tracker.number));
      CRT.fill(byId("player-tracker"), options.map((tracker) => [tracker.number, tracker.name]));
      if (this.chosen.has(Number(before)) && before !== "") byId("player-tracker").value = before;
    }

    listen() {
      const on = (id, event, action) => byId(id).addEventListener(event, action);
      on("player-sequence", "change", (event) => this.open(Number(event.target.value)));
      on("player-tracker", "change", () => this.offerResponse());
      on("player-worst", "click", () => this.worst());
      on("player-first", "click", () => this.seek(0));
      on("player-back", "click", () => this.seek(this.frame - 1));
      on("player-next", "click", () => this.seek(this.frame + 1));
      on("player-play", "click", () => this.toggle());
      on("player-scrub", "input", (event) => this.seek(Number(event.target.value)));
      on("player-response", "change", () => this.draw());
      on("timeline", "pointerdown", (event) => this.grab(event));
      on("timeline", "pointermove", (event) => event.buttons && this.grab(event));
      new ResizeObserver(() => this.draw()).observe(byId("screen-note").parentElement);
      document.addEventListener("keydown", (event) => this.key(event));
    }

    grab(event) {
      if (!this.data) return;
      const box = byId("timeline").getBoundingClientRect();
      const share = (event.clientX - box.left - MARGIN.l) / (box.width - MARGIN.l - MARGIN.r);
      this.pause();
      this.seek(Math.round(share * (this.data.frames - 1)));
    }

    get isActive() {
      const stage = byId("stage");
      const focus = document.activeElement;
      if (stage.contains(focus)) return true;
      if (focus && focus !== document.body && !byId("player").contains(focus)) return false;
      const box = stage.getBoundingClientRect();
      return box.top < 0.7 * innerHeight && box.bottom > 0.3 * innerHeight;
    }

    key(event) {
      const tag = event.target.tagName;
      if (event.ctrlKey || event.metaKey || event.altKey || tag === "SELECT") return;
      if (!this.data || !this.isActive) return;
      if (event.key === " " && (tag === "BUTTON" || event.target.type === "checkbox")) return;
      const step = event.shiftKey ? 10 : 1;
      const actions = {
        " ": () => this.toggle(),
        ArrowLeft: () => this.seek(this.frame - step),
        ArrowRight: () => this.seek(this.frame + step),
        Home: () => this.seek(0),
        End: () => this.seek(this.data.frames - 1),
        w: () => this.worst(),
        r: () => byId("response-label").hidden || byId("player-response").click(),
        "[": () => this.open(Math.max(0, this.sequence - 1)),
        "]": () => this.open(Math.min(this.model.sequences.length - 1, this.sequence + 1)),
      };
      if (!actions[event.key]) return;
      event.preventDefault();
      actions[event.key]();
    }

    async open(number, trackers = []) {
      this.pause();
      for (const tracker of trackers) this.chosen.add(tracker);
      this.chips.show();
      this.fillFollowed();
      if (trackers.length) byId("player-tracker").value = trackers[0];
      const sequence = this.model.sequences[number];
      byId("player-sequence").value = number;
      this.sequence = number;
      const data = await CRT.load(sequence.file);
      if (this.sequence !== number) return; // another one was chosen meanwhile
      this.data = data;
      this.frame = 0;
      this.responses.clear();
      this.pictures = null;
      if (data.picture) {
        const folder = `frames/${encodeURIComponent(sequence.file)}`;
        this.pictures = new Pictures(folder, data.frames, data.picture.unread);
        this.pictures.onload = (frame) => frame === this.frame && this.draw();
      }
      byId("player-scrub").max = data.frames - 1;
      this.offerResponse();
      this.seek(0);
      await this.showPlot();
    }

    // -------------------------------------------------------------------------------- time

    seek(frame) {
      if (!this.data) return;
      this.frame = Math.max(0, Math.min(this.data.frames - 1, frame));
      this.draw();
    }

    toggle() {
      if (this.playing) this.pause();
      else this.play();
    }

    play() {
      if (!this.data) return;
      if (this.frame === this.data.frames - 1) this.frame = 0;
      this.playing = true;
      byId("player-play").textContent = "Pause";
      let last = performance.now();
      const tick = (now) => {
        if (!this.playing) return;
        const interval = 1000 / (FPS * Number(byId("player-speed").value));
        const steps = Math.floor((now - last) / interval);
        if (steps > 0) {
          last = steps > 8 ? now : last + steps * interval;
          this.advance(Math.min(steps, 8));
        }
        requestAnimationFrame(tick);
      };
      requestAnimationFrame(tick);
    }

    advance(steps) {
      const next = Math.min(this.frame + steps, this.data.frames - 1);
      if (this.pictures && !this.pictures.get(next)) return; // it waits for the picture
      this.seek(next);
      if (next === this.data.frames - 1) this.pause();
    }

    pause() {
      this.playing = false;
      byId("player-play").textContent = "Play";
    }

    // The first frame of the lowest overlap; the tracker was given the first frame of all.
    worst() {
      const iou = this.data?.iou[byId("player-tracker").value];
      if (!iou) return;
      const seen = iou.map((value, frame) => [value, frame]).filter(([value]) => value !== null);
      this.pause();
      if (seen.length) this.seek(seen.reduce((a, b) => (b[0] < a[0] ? b : a))[1]);
    }

    // ----------------------------------------------------------------------------- drawing

    get trackers() {
      return this.model.trackers.filter((tracker) => this.chosen.has(tracker.number));
    }

    draw() {
      const { data, frame } = this;
      if (!data) return;
      byId("player-scrub").value = frame;
      byId("player-scrub").setAttribute("aria-valuetext", `frame ${frame + 1} of ${data.frames}`);
      byId("player-frame").value = `${frame + 1} / ${data.frames}`;
      this.drawCursor();
      this.drawValues();
      this.drawScreen();
    }

    drawCursor() {
      const cursor = byId("cursor");
      const width = byId("timeline").clientWidth - MARGIN.l - MARGIN.r;
      const share = this.data.frames > 1 ? this.frame / (this.data.frames - 1) : 0;
      cursor.hidden = false;
      cursor.style.transform = `translateX(${(MARGIN.l + share * width).toFixed(1)}px)`;
    }

    drawValues() {
      const list = byId("player-values");
      const trackers = this.trackers;
      if (list.dataset.of !== `${this.sequence}:${[...this.chosen]}`) {
        list.dataset.of = `${this.sequence}:${[...this.chosen]}`;
        list.replaceChildren(
          ...trackers.map((tracker) => make("li", {}, CRT.swatch(tracker), tracker.name, make("output"))),
          make("li", {}, make("span", { className: "truth" }), "annotation (white)")
        );
      }
      trackers.forEach((tracker, i) => {
        const iou = this.data.iou[tracker.number];
        const value = iou ? iou[this.frame] : undefined;
        const reason = this.model.reason(tracker, this.sequence);
        const text = value === undefined ? reason : value === null ? "no annotation" : (value / 1000).toFixed(2);
        list.children[i].lastChild.value = text;
      });
    }

    drawScreen() {
      const note = byId("screen-note");
      const canvas = byId("canvas");
      const screen = note.parentElement;
      screen.classList.toggle("empty", !this.pictures);
      canvas.hidden = !this.pictures;
      const found = this.pictures?.get(this.frame);
      note.hidden = Boolean(this.pictures) && !found?.broken;
      note.textContent = this.pictures
        ? "This frame could not be read."
        : "No pictures of this sequence in this page; overlap over time is below.";
      if (!this.pictures || (!found && this.drawn === this.sequence)) return; // the last one stays
      this.drawn = this.sequence;
      const context = this.scaled(canvas, screen);
      if (found?.image) context.drawImage(found.image, 0, 0);
      this.drawBoxes(context);
    }

    // The canvas as large as the screen allows, with picture px as units
    scaled(canvas, screen) {
      const { width, height } = this.data.picture;
      const factor = Math.min(screen.clientWidth / width, screen.clientHeight / height);
      const ratio = window.devicePixelRatio || 1;
      const [w, h] = [Math.round(width * factor), Math.round(height * factor)];
      if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) {
        canvas.width = Math.round(w * ratio);
        canvas.height = Math.round(h * ratio);
        canvas.style.width = `${w}px`;
        canvas.style.height = `${h}px`;
      }
      const context = canvas.getContext("2d");
      context.setTransform((w * ratio) / width, 0, 0, (h * ratio) / height, 0, 0);
      context.clearRect(0, 0, width, height);
      this.unit = width / w; // picture px for one px of the screen
      return context;
    }

    drawBoxes(context) {
      const { scale } = this.data.picture;
      context.save();
      context.scale(scale, scale);
      this.unit /= scale;
      this.drawResponse(context);
      this.drawBox(context, this.data.truth, TRUTH, [], 3);
      for (const tracker of this.trackers.reverse()) {
        const boxes = this.data.boxes[tracker.number];
        if (boxes) this.drawBox(context, boxes, tracker.color, tracker.dashes, tracker.ours ? 3 : 2);
      }
      context.restore();
    }

    drawBox(context, boxes, color, dashes, width) {
      const box = boxes.slice(4 * this.frame, 4 * this.frame + 4);
      if (box.includes(null)) return;
      const [x, y, w, h] = box.map((value) => value / 10);
      context.lineJoin = "round";
      context.setLineDash([]);
      context.strokeStyle = EDGE;
      context.lineWidth = (width + 2) * this.unit;
      context.strokeRect(x, y, w, h);
      context.setLineDash(dashes.map((length) => length * this.unit));
      context.strokeStyle = color;
      context.lineWidth = width * this.unit;
      context.strokeRect(x, y, w, h);
    }

    // ---------------------------------------------------------------------- response maps

    offerResponse() {
      const there = this.data?.responses?.[byId("player-tracker").value];
      byId("response-label").hidden = !there;
      this.draw();
    }

    drawResponse(context) {
      const tracker = byId("player-tracker").value;
      const file = this.data.responses?.[tracker];
      if (!file || !byId("player-response").checked) return;
      const responses = this.responses.get(tracker);
      if (responses) responses.draw?.(context, this.frame, this.unit);
      else {
        this.responses.set(tracker, {});
        CRT.load(file).then((data) => {
          this.responses.set(tracker, new Responses(data));
          this.draw();
        });
      }
    }

    // ------------------------------------------------------------------------ overlap plot

    async showPlot() {
      if (!this.data) return;
      const Plotly = await CRT.plotly();
      const traces = [];
      for (const tracker of this.trackers) {
        const iou = this.data.iou[tracker.number];
        if (!iou) continue;
        traces.push({
          y: iou.map((value) => (value === null ? null : value / 1000)),
          x0: 1, dx: 1, mode: "lines", name: CRT.plain(tracker.name),
          line: { color: tracker.color, dash: tracker.dash, width: tracker.ours ? 2.5 : 1.5 },
          hovertemplate: "<b>%{fullData.name}</b><br>frame %{x}: %{y:.2f}<extra></extra>",
        });
      }
      const range = [1, Math.max(2, this.data.frames)];
      const layout = CRT.layout("", "overlap", {
        margin: MARGIN, xaxis: { range }, yaxis: { range: [0, 1.02], dtick: 0.5 },
      });
      await Plotly.react(byId("iou"), traces.reverse(), layout, CRT.CONFIG);
    }
  };
})();
