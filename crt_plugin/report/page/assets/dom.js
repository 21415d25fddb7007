// Elements and text. Data comes into the page by textContent only, never as HTML.
(() => {
  "use strict";

  CRT.byId = (id) => document.getElementById(id);

  // An element with properties and children; texts become text nodes.
  CRT.make = (tag, properties = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name in element) element[name] = value;
      else element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  };

  CRT.fill = (select, options, chosen) => {
    select.replaceChildren(
      ...options.map(([value, text]) => CRT.make("option", { value, textContent: text }))
    );
    if (chosen !== undefined) select.value = chosen;
  };

  CRT.css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // A short line in a tracker's colour and dashes
  CRT.swatch = (tracker) => {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("class", "swatch");
    svg.setAttribute("viewBox", "0 0 22 8");
    svg.setAttribute("aria-hidden", "true");
    const line = document.createElementNS(space, "line");
    const looks = { x1: 1, x2: 21, y1: 4, y2: 4, stroke: tracker.color, "stroke-width": 3 };
    looks["stroke-dasharray"] = tracker.dashes.join(" ");
    for (const [name, value] of Object.entries(looks)) line.setAttribute(name, value);
    svg.append(line);
    return svg;
  };

  // Footnotes under a table: one number for each reason, in the order of their cells.
  CRT.Footnotes = class {
    constructor(element) {
      this.element = element;
      this.texts = [];
    }

    mark(text) {
      let at = this.texts.indexOf(text);
      if (at < 0) at = this.texts.push(text) - 1;
      return CRT.make("sup", { className: "mark", title: text, textContent: String(at + 1) });
    }

    show() {
      const items = this.texts.map((text) => CRT.make("li", { textContent: text }));
      this.element.replaceChildren(...(items.length ? [CRT.make("ol", {}, ...items)] : []));
    }
  };
})();
