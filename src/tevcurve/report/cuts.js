"use strict";
// Long gaps between nights are cut: the pieces of the time axis stand side by side, each of them an axis of its own.
const cuts = (function () {
  const NARROW = 560, CHARACTER = 7.2, BESIDE = 16, DAY = 86400000;
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const MINUTES = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7200, 14400, 43200, 144000, 525960, 2629800];
  const axisOf = (number) => "xaxis" + (number ? number + 1 : "");

  // The pieces of a figure, a list of { domain, range }; null where it has none.
  function piecesOf(figure, clock) {
    if (!figure.cuts) return null;
    const pieces = figure.cuts[window.innerWidth < NARROW ? "narrow" : "wide"];
    return pieces && pieces.map((piece) => ({ domain: piece.domain, range: piece[clock] }));
  }

  const number = (value) => (typeof value === "string" ? Date.parse(value.replace(" ", "T") + "Z") : value);

  function multiples(step, [low, high]) {
    const found = [];
    for (let n = Math.ceil(low / step); n * step <= high; n += 1) found.push(n * step);
    return found;
  }

  // Of steps from the coarsest, the finest whose labels have room between each other and inside of the axis.
  function fitting(steps, range, width, pixels) {
    let found = null;
    const per = pixels / (range[1] - range[0]);
    for (const step of steps) {
      const need = width(step) + BESIDE;
      const inside = range[1] - range[0] > need / per ? [range[0] + need / per / 2, range[1] - need / per / 2] : range;
      const ticks = multiples(step, inside);
      if (ticks.length > 1 && step * per < need) break;
      if (ticks.length) found = { step, ticks };
    }
    if (found === null) return { step: steps.at(-1), ticks: [] };
    const middle = (range[0] + range[1]) / 2;
    if (found.ticks.length > 1 && found.step * per < width(found.step) + BESIDE) {
      found.ticks = [found.ticks.reduce((best, tick) => (Math.abs(tick - middle) < Math.abs(best - middle) ? tick : best))];
    }
    return found;
  }

  function mjdTicks(range, pixels) {
    const steps = [];
    for (let power = 4; power >= -6; power -= 1) for (const digit of [5, 2, 1]) steps.push(digit * 10 ** power);
    const decimals = (step) => Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    const width = (step) => CHARACTER * (5 + (decimals(step) ? decimals(step) + 1 : 0));
    const { step, ticks } = fitting(steps, range, width, pixels);
    return { tickvals: ticks, ticktext: ticks.map((tick) => tick.toFixed(decimals(step))) };
  }

  function utcTicks(range, pixels) {
    const steps = MINUTES.toReversed().map((minutes) => minutes * 60000);
    const { step, ticks } = fitting(steps, range, () => CHARACTER * 11, pixels);
    let last = "";
    const ticktext = ticks.map((tick) => {
      const date = new Date(tick);
      const day = `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
      const clock = step < DAY ? date.toISOString().slice(11, 16) : "";
      const words = [clock, day === last ? "" : day].filter((word) => word).join("<br>");
      last = day;
      return words;
    });
    return { tickvals: ticks, ticktext };
  }

  // Points of a trace between two times; of a line also those that lead in and out.
  function rowsOf(trace, [low, high]) {
    const found = [];
    let [before, after] = [-1, -1];
    trace.x.forEach((each, row) => {
      const x = number(each);
      if (x === null) { if (found.length || before >= 0) found.push(row); return; }
      if (x < low) before = row;
      else if (x <= high) found.push(row);
      else if (after < 0) after = row;
    });
    if (!(trace.mode || "").includes("lines")) return found;
    const rows = new Set([...found, before, after].filter((row) => row >= 0));
    for (let row = Math.max(before, 0); row <= (after < 0 ? trace.x.length - 1 : after); row += 1) rows.add(row);
    return [...rows].sort((one, other) => one - other);
  }

  function tracesOf(trace, pieces) {
    let isFirst = trace.showlegend !== false;
    return pieces.map((piece, k) => {
      const rows = rowsOf(trace, piece.range);
      const part = { ...marks.part(trace, rows), xaxis: "x" + (k ? k + 1 : "") };
      if (trace.name) part.legendgroup = trace.name;
      part.showlegend = isFirst && rows.length > 0;
      if (rows.length) isFirst = false;
      return rows.length ? part : null;
    }).filter((part) => part);
  }

  // A slash at each end of a cut, in pixels.
  function slashes(pieces) {
    const ends = pieces.flatMap(({ domain }, k) => [...(k ? [domain[0]] : []), ...(k < pieces.length - 1 ? [domain[1]] : [])]);
    const style = { type: "path", xref: "paper", yref: "paper", xsizemode: "pixel", ysizemode: "pixel", path: "M-3,-6L3,6" };
    return ends.map((end) => ({ ...style, xanchor: end, yanchor: 0, line: { color: "#555555", width: 1 } }));
  }

  // (traces, layout) with an axis for each piece. pixels: width of the plot; now: the layout that is shown, whose
  // ranges stay where they are of the same pieces.
  function applied(data, layout, pieces, pixels, now = null) {
    const { title, ...axis } = layout.xaxis;
    const copy = { ...layout, shapes: [...(layout.shapes || []), ...slashes(pieces)] };
    const inner = pixels - layout.margin.l - layout.margin.r;
    pieces.forEach((piece, k) => {
      const shown = now && now[axisOf(k)] && now[axisOf(k)].range ? now[axisOf(k)].range.map(number) : piece.range;
      const width = inner * (piece.domain[1] - piece.domain[0]);
      const ticks = axis.type === "date" ? utcTicks(shown, width) : mjdTicks(shown, width);
      copy[axisOf(k)] = { ...axis, ...ticks, tickmode: "array", tickangle: 0, domain: piece.domain, range: shown, autorange: false };
    });
    const below = { x: 0.5, y: 0, xref: "paper", yref: "paper", yanchor: "top", yshift: axis.type === "date" ? -40 : -26 };
    const words = { text: title.text, showarrow: false, font: { size: layout.font.size + 1 } };
    copy.annotations = [...(layout.annotations || []), { ...below, ...words }];
    copy.margin = { ...layout.margin, b: layout.margin.b + (axis.type === "date" ? 10 : 0) };
    return [data.flatMap((trace) => tracesOf(trace, pieces)), copy];
  }

  return { applied, axisOf, piecesOf };
})();
