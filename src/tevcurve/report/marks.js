"use strict";
// Marks of figures. Few are elements of their own; of very many, each series is one path, which opens at once.
const marks = (function () {
  const MOST = 1000;
  // Of what an axis shows: half of the shortest tick, the tail of an upper limit, and what is drawn beyond the edges.
  const TICK = 0.0008, TAIL = 0.02, BEYOND = 0.25, ROOM = 0.06;
  const number = (value) => (typeof value === "string" ? Date.parse(value.replace(" ", "T") + "Z") : value);
  const isMarks = (trace) => trace.visible !== false && (trace.mode || "").startsWith("markers");
  const arrayOf = (bars, name) => (bars && bars.visible !== false && bars[name]) || null;

  function extent(values) {
    let [low, high] = [Infinity, -Infinity];
    for (const value of values) {
      if (value === null || !Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    return [low, high];
  }

  function within(trace, range) {
    const margin = BEYOND * (range[1] - range[0]);
    const found = [];
    trace.x.forEach((x, row) => { if (x >= range[0] - margin && x <= range[1] + margin) found.push(row); });
    return found;
  }

  function chosenOf(value, rows) {
    return Array.isArray(value) ? rows.map((row) => value[row]) : value;
  }

  // The trace with these of its points only.
  function part(trace, rows) {
    const copy = { ...trace };
    for (const name of ["x", "y", "customdata", "text"]) if (name in trace) copy[name] = chosenOf(trace[name], rows);
    if (trace.marker) copy.marker = { ...trace.marker, symbol: chosenOf(trace.marker.symbol, rows) };
    for (const name of ["error_x", "error_y"]) {
      if (!trace[name]) continue;
      copy[name] = { ...trace[name] };
      for (const side of ["array", "arrayminus"]) if (trace[name][side]) copy[name][side] = chosenOf(trace[name][side], rows);
    }
    return copy;
  }

  // (x, half width, bottom, top) of each point: a tick as wide as its bar in x, and a line as long as its bar in y; an
  // upper limit has a tail instead.
  function barsOf(trace, log, tick) {
    const [halves, up] = [arrayOf(trace.error_x, "array"), arrayOf(trace.error_y, "array")];
    const down = arrayOf(trace.error_y, "arrayminus") || up;
    const isLimit = trace.meta && trace.meta.kind === "limits";
    const [low, high] = extent(trace.y.filter((y) => !log || y > 0));
    const tail = (y) => (log ? y * (low / high) ** TAIL : y - TAIL * (high - low));
    const bars = [];
    trace.x.forEach((x, row) => {
      const y = trace.y[row];
      if (y === null || (log && !(y > 0))) return;
      const half = Math.max((halves && halves[row]) || 0, tick);
      let [bottom, top] = [y - ((down && down[row]) || 0), y + ((up && up[row]) || 0)];
      if (isLimit) [bottom, top] = [tail(y), y];
      if (log && !(bottom > low / 2)) bottom = low / 2;
      bars.push({ x, y, half, bottom, top });
    });
    return bars;
  }

  // Bars that stand on each other within less than a pixel of the axis, as one bar.
  function merged(bars, tick) {
    const columns = new Map();
    for (const bar of bars) {
      const column = Math.floor(bar.x / tick);
      if (columns.has(column)) columns.get(column).push(bar);
      else columns.set(column, [bar]);
    }
    const found = [];
    for (const column of columns.values()) {
      column.sort((one, other) => one.bottom - other.bottom);
      let last = null;
      for (const bar of column) {
        if (last && bar.bottom <= last.top && bar.half <= tick) {
          last.top = Math.max(last.top, bar.top);
          last.half = Math.min(last.half, last.half > tick ? last.half : 0);
        } else {
          last = { ...bar };
          found.push(last);
        }
      }
    }
    return found;
  }

  function pathOf(trace, layout, tick) {
    const dates = axisOf(layout, trace).type === "date", log = layout.yaxis.type === "log";
    const place = (x) => (dates ? new Date(x).toISOString().slice(0, -1).replace("T", "_") : x);
    return merged(barsOf(trace, log, tick), tick).map(({ x, y, half, bottom, top }) => {
      const across = half > 0 ? `M${place(x - half)},${y}L${place(x + half)},${y}` : "";
      return across + (top > bottom ? `M${place(x)},${bottom}L${place(x)},${top}` : "");
    }).join("");
  }

  function together(trace, layout, tick) {
    const bare = { visible: false };
    const points = { ...trace, mode: "none", error_x: bare, error_y: bare, showlegend: false };
    const line = { color: trace.marker.color || trace.textfont.color, width: (trace.error_y && trace.error_y.thickness) || 0.8 };
    const axes = { xref: trace.xaxis || "x", yref: trace.yaxis || "y" };
    const shape = { type: "path", path: pathOf(trace, layout, tick), line, opacity: trace.opacity || 1, layer: "above", ...axes };
    if (trace.showlegend && layout.showlegend) Object.assign(shape, { showlegend: true, name: trace.name });
    return [points, shape];
  }

  function ofNumbers(trace) {
    return trace.x.length > 0 && typeof trace.x[0] === "number";
  }

  function areMany(data) {
    const all = data.filter((trace) => isMarks(trace) && ofNumbers(trace));
    return all.reduce((sum, trace) => sum + trace.x.length, 0) > MOST;
  }

  const axisOf = (layout, trace) => layout["xaxis" + (trace.xaxis || "x").slice(1)];

  // (traces, layout) as they are drawn; where an x axis has a range, of what this shows.
  function drawn(data, layout) {
    if (!areMany(data)) return [data, layout];
    const rangeOf = (trace) => {
      const axis = axisOf(layout, trace);
      return axis.autorange === false ? axis.range.map(number) : null;
    };
    const isMany = (trace) => isMarks(trace) && ofNumbers(trace);
    const seen = data.map((trace) => (isMany(trace) && rangeOf(trace) ? part(trace, within(trace, rangeOf(trace))) : trace));
    if (!areMany(seen)) return [seen, layout];
    const all = extent(seen.filter(isMany).flatMap((trace) => extent(trace.x)));
    const shapes = [...(layout.shapes || [])];
    const traces = seen.map((trace) => {
      if (!isMany(trace)) return trace;
      const [low, high] = rangeOf(trace) || all;
      const [left, right] = axisOf(layout, trace).domain || [0, 1];
      const tick = (TICK * (high - low)) / (right - left) || TICK;
      const [points, shape] = together(trace, layout, tick);
      shapes.push(shape);
      return points;
    });
    return [traces, { ...layout, shapes }];
  }

  // [lowest, highest] of what stands in the uppermost panel between two times, with some room.
  function heightsIn(data, range, log) {
    const seen = data.filter((trace) => isMarks(trace) && (trace.yaxis || "y") === "y");
    const bars = seen.flatMap((trace) => barsOf(trace, log, 0)).filter(({ x }) => number(x) >= range[0] && number(x) <= range[1]);
    if (!bars.length) return null;
    const [low, high] = [extent(bars.map(({ bottom }) => bottom))[0], extent(bars.map(({ top }) => top))[1]];
    if (log) return [Math.log10(low) - ROOM, Math.log10(high) + ROOM];
    return [Math.min(0, low - ROOM * (high - low)), high + ROOM * (high - low)];
  }

  return { areMany, drawn, heightsIn, part };
})();
