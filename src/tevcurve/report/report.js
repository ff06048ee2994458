"use strict";
(function () {
  let figures, curve;
  const form = document.getElementById("controls");
  const DAY = 86400000;
  const PRINTED = { "light-curve": 680, "time-flux": 680, other: 330 };
  let onPaper = false;
  const redrawn = {};
  const touch = window.matchMedia("(pointer: coarse)").matches;
  const plotOf = (name) => document.getElementById("plot-" + name);

  function config(name) {
    return {
      responsive: true,
      displaylogo: false,
      displayModeBar: name === "light-curve",
      // By default there is also a button that sends the figure to a server.
      modeBarButtons: [["toImage"], ["zoom2d", "pan2d"], ["zoomIn2d", "zoomOut2d", whole()]],
      doubleClick: name === "light-curve" ? false : "reset",
      plotlyServerURL: "",
      toImageButtonOptions: { filename: name, scale: 2 },
    };
  }

  function whole() {
    return { name: "whole", title: "See everything again", icon: Plotly.Icons.home, click: showEverything };
  }

  // Narrow windows get smaller letters, and a finger scrolls the page instead of zooming.
  function fitted(name, layout) {
    const narrow = window.innerWidth < 560;
    const copy = structuredClone(layout);
    if (onPaper) Object.assign(copy, { width: PRINTED[name] || PRINTED.other, autosize: false });
    copy.dragmode = touch ? false : "zoom";
    if (narrow) {
      copy.font.size = 11;
      copy.margin.l = 48;
      copy.margin.r = 8;
      copy.hoverlabel.font.size = 11;
    }
    return copy;
  }

  function choices() {
    const values = new FormData(form);
    return {
      log: values.get("scale") === "log",
      time: values.get("time") || "mjd",
      bands: document.getElementById("bands") ? new Set(values.getAll("band").map(Number)) : null,
      blocks: values.has("blocks"),
      visit: values.get("visit") || "",
    };
  }

  function traces(chosen) {
    return curve.data.map((trace, number) => {
      const copy = quiet(trace);
      if (curve.times) {
        const [middle, half] = curve.times[number][chosen.time];
        copy.x = middle;
        if (half) copy.error_x = { ...trace.error_x, array: half };
      }
      const band = trace.meta.band;
      copy.visible = (chosen.bands === null || band === null || chosen.bands.has(band)) &&
        (trace.meta.kind !== "blocks" || chosen.blocks);
      return copy;
    });
  }

  // Milliseconds of UTC less those of MJD in the time scale of the table.
  function clockOffset() {
    const first = curve.times.find((times) => times.utc[0].length);
    return first.utc[0][0] - first.mjd[0][0] * DAY;
  }

  let shown = { time: "mjd", log: false, cut: false };

  function translated(range, from, to) {
    const numbers = range.map((value) => (typeof value === "string" ? Date.parse(value.replace(" ", "T") + "Z") : value));
    if (from === to) return from === "utc" ? range : numbers;
    return numbers.map((value) => (to === "utc" ? value * DAY + clockOffset() : (value - clockOffset()) / DAY));
  }

  // What is shown at a point stands above or below it, where no label of plotly can be told to be.
  const hoverBox = document.createElement("div");
  hoverBox.className = "hover-box";
  hoverBox.hidden = true;
  const HOVER_GAP = 12;

  function quiet(trace) {
    const { hovertemplate, ...copy } = trace;
    return hovertemplate ? { ...copy, words: hovertemplate, hoverinfo: "none" } : copy;
  }

  // The texts are as plotly has them: with entities, and <br> between lines.
  function plainText(text) {
    return new DOMParser().parseFromString(String(text).replaceAll("<br>", "\n"), "text/html").body.textContent;
  }

  function linesAt(point) {
    const lines = point.data.words.replace("<extra></extra>", "").split("<br>");
    return lines.map((line) => plainText(line.replace(/%\{customdata\[(\d+)\]\}/g, (_, number) => point.customdata[number])));
  }

  function showAtPoint(event) {
    const point = event.points.find((each) => each.data.words);
    if (!point) return;
    const plot = plotOf("light-curve");
    hoverBox.replaceChildren(...linesAt(point).map((line) => {
      const row = document.createElement("div");
      row.textContent = line;
      return row;
    }));
    hoverBox.hidden = false;
    const x = point.xaxis._offset + point.xaxis.d2p(point.x);
    const y = point.yaxis._offset + point.yaxis.d2p(point.y);
    const [width, height] = [hoverBox.offsetWidth, hoverBox.offsetHeight];
    const inWindow = plot.getBoundingClientRect().top + y;
    const fits = inWindow - HOVER_GAP - height > 0 || inWindow > window.innerHeight / 2;
    const top = fits ? y - HOVER_GAP - height : y + HOVER_GAP;
    const left = Math.max(0, Math.min(x - width / 2, plot.clientWidth - width));
    hoverBox.style.top = plot.offsetTop + top + "px";
    hoverBox.style.left = plot.offsetLeft + left + "px";
  }

  function setUpHover() {
    const plot = plotOf("light-curve");
    plot.parentElement.append(hoverBox);
    plot.on("plotly_hover", showAtPoint);
    for (const name of ["plotly_unhover", "plotly_relayout"]) plot.on(name, () => { hoverBox.hidden = true; });
  }

  // What is in view stays, where both clocks tell it; another stretch of time, or all of it, begins anew.
  function keepRanges(layout, now, chosen, cut) {
    if (!cut && !shown.cut && now.xaxis.autorange === false) {
      layout.xaxis.range = translated(now.xaxis.range, shown.time, chosen.time);
      layout.xaxis.autorange = false;
    }
    if (now.yaxis.autorange === false && shown.log === chosen.log) {
      layout.yaxis.range = now.yaxis.range;
      layout.yaxis.autorange = false;
    }
  }

  function piecesInView(now, pieces, time) {
    const axes = pieces.map((_, k) => cuts.axisOf(k));
    return Object.fromEntries(axes.map((name) => [name, { range: translated(now[name].range, shown.time, time) }]));
  }

  function drawCurve(range = null, anew = false) {
    const chosen = choices();
    const plot = plotOf("light-curve");
    const layout = fitted("light-curve", curve.layout);
    if (curve.times) {
      layout.xaxis.type = chosen.time === "utc" ? "date" : "linear";
      layout.xaxis.title.text = curve.time_titles[chosen.time];
    }
    layout.yaxis.type = chosen.log ? "log" : "linear";
    const pieces = chosen.visit === "" ? cuts.piecesOf(curve, chosen.time) : null;
    if (plot.layout && !anew && !range) keepRanges(layout, plot.layout, chosen, pieces !== null);
    if (range) {
      layout.xaxis.range = translated(range, "mjd", chosen.time);
      layout.xaxis.autorange = false;
    }
    const now = shown.cut && pieces && !anew ? piecesInView(plot.layout, pieces, chosen.time) : null;
    shown = { time: chosen.time, log: chosen.log, cut: pieces !== null };
    const data = traces(chosen);
    sayWhatIsHidden(data, chosen.log);
    const heights = range && marks.heightsIn(data, layout.xaxis.range, chosen.log);
    if (heights) Object.assign(layout.yaxis, { range: heights, autorange: false });
    const [all, cut] = pieces ? cuts.applied(data, layout, pieces, layout.width || plot.clientWidth, now) : [data, layout];
    const [seen, own] = marks.drawn(all, cut);
    document.getElementById("many-marks").hidden = own === cut;
    return Plotly.react(plot, seen, own, config("light-curve"));
  }

  function sayWhatIsHidden(data, log) {
    const note = document.getElementById("hidden-points");
    let n = 0;
    for (const trace of data) {
      if (trace.visible && trace.meta.kind === "points") n += trace.y.filter((value) => value !== null && value <= 0).length;
    }
    note.hidden = !log || n === 0;
    note.textContent = n + (n === 1 ? " row is" : " rows are") +
      " at or below zero, where a logarithmic axis has no place, and not in the figure.";
  }

  function showVisit(event) {
    const [start, stop] = event.target.value.split(",").map(Number);
    if (!Number.isFinite(stop)) return drawCurve(null, true);
    const margin = 0.05 * (stop - start);
    return drawCurve([start - margin, stop + margin]);
  }

  function showEverything() {
    const visit = form.elements.namedItem("visit");
    if (visit && visit.value.includes(",")) visit.value = "";
    return drawCurve(null, true);
  }

  function setUpControls() {
    form.hidden = false;
    form.reset();
    document.getElementById("blocks").hidden = !curve.data.some((trace) => trace.meta.kind === "blocks");
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", (event) => (event.target.name === "visit" ? showVisit(event) : drawCurve()));
  }

  const isOfTime = (name) => /^xaxis\d*\./.test(name);

  // Pieces of an axis get ticks of what is in view, and of very many marks those are drawn one by one that are, where
  // they are few enough.
  function drawWhatIsInView() {
    plotOf("light-curve").on("plotly_doubleclick", showEverything);
    const many = marks.areMany(curve.times ? traces(choices()) : curve.data);
    if (!many && !curve.cuts) return;
    plotOf("light-curve").on("plotly_relayout", (changes) => {
      if ((many || shown.cut) && Object.keys(changes).some(isOfTime)) drawCurve();
    });
  }

  async function drawOther(name, figure) {
    const [plot, pieces] = [plotOf(name), cuts.piecesOf(figure, "mjd")];
    if (!pieces) return Plotly.newPlot(plot, ...marks.drawn(figure.data, fitted(name, figure.layout)), config(name));
    redrawn[name] = () => {
      const layout = fitted(name, figure.layout);
      return Plotly.react(plot, ...cuts.applied(figure.data, layout, pieces, layout.width || plot.clientWidth, plot.layout), config(name));
    };
    await redrawn[name]();
    plot.on("plotly_relayout", (changes) => {
      if (Object.keys(changes).some(isOfTime)) redrawn[name]();
    });
  }

  // Pieces of an axis are drawn anew, as their ticks are those of a width.
  function print(before) {
    onPaper = before;
    for (const name of Object.keys(figures)) {
      const width = before ? PRINTED[name] || PRINTED.other : null;
      if (name in redrawn) redrawn[name]();
      else Plotly.relayout(plotOf(name), { width: width, autosize: !before });
    }
  }

  // Of many rows the data are deflated.
  async function readData() {
    const data = document.getElementById("figure-data");
    figures = JSON.parse(data.type === "application/json" ? data.textContent : await tables.inflated(data.textContent));
    curve = figures["light-curve"];
  }

  async function draw() {
    await readData();
    if (!Object.keys(figures).length) return;
    const script = document.createElement("script");
    script.textContent = await tables.inflated(document.getElementById("plotly-deflated").textContent);
    document.head.append(script);
    if (curve) setUpControls();
    if (curve && curve.cuts) redrawn["light-curve"] = () => drawCurve();
    for (const [name, figure] of Object.entries(figures)) {
      if (name === "light-curve") {
        await drawCurve();
        setUpHover();
        drawWhatIsInView();
      } else await drawOther(name, figure);
    }
    window.addEventListener("beforeprint", () => print(true));
    window.addEventListener("afterprint", () => print(false));
  }

  document.querySelectorAll("table.sortable").forEach(tables.setUp);
  document.documentElement.dataset.state = "drawing";
  draw().then(
    () => { document.documentElement.dataset.state = "ready"; },
    (error) => {
      document.documentElement.dataset.state = "failed";
      document.getElementById("no-figures").hidden = false;
      console.error(error);
    },
  );
})();
