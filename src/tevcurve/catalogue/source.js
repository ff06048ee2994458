"use strict";
(function () {
  const SVG = "http://www.w3.org/2000/svg";
  // As many units as pixels, so that letters stay as large on a phone.
  const WIDTH = Math.max(340, Math.min(960, window.innerWidth - 26)), HEIGHT = WIDTH < 560 ? 320 : 420;
  const LEFT = 74, RIGHT = 14, TOP = 14, BOTTOM = 52;
  const LIMIT_TS = 4;
  // Days without a row after which the next one gets a date, and pixels between dates and between points.
  const GAP = 0.5, LABEL = 62, POINT = 5;
  const catalogue = window.tevcurveSources;
  const form = document.getElementById("controls");
  const plot = document.getElementById("plot");
  const loaded = new Map();
  let current = null;

  // The files of rows call this.
  window.tevcurveRows = (part, sources) => {
    loaded.set(part, sources);
    if (current !== null && Math.floor(current / catalogue.per_file) === part) show(current);
  };

  function element(name, attributes, text) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function number(value, digits) {
    if (value === null || value === undefined) return "–";
    return String(Number(value).toPrecision(digits)).replace("-", "−");
  }

  function statistic(value) {
    return value === null ? "–" : value.toFixed(value >= 100 ? 0 : 1).replace("-", "−");
  }

  // Round numbers from one end to the other.
  function ticks(low, high, most) {
    const rough = (high - low) / most;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
    const made = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k += 1) made.push(k * step);
    return [made, Math.max(0, -Math.floor(Math.log10(step) + 1e-9))];
  }

  function rowsOf(source, band) {
    const rows = source.rows;
    const made = [];
    for (let k = 0; k < rows.start.length; k += 1) {
      if (rows.band[k] !== band) continue;
      made.push({
        start: rows.start[k], stop: rows.stop[k], flux: rows.flux[k], errn: rows.errn[k], errp: rows.errp[k],
        limit: rows.limit[k], ts: rows.ts[k], counts: rows.counts[k],
        status: source.words[rows.status[k]], reason: source.words[rows.reason[k]],
      });
    }
    return made;
  }

  // A row is a limit where its source is not seen.
  function isLimit(row) {
    return row.limit !== null && (row.flux === null || row.ts === null || row.ts < LIMIT_TS || row.flux <= 0);
  }

  // [place, text] of round times.
  function times(low, high, zero, x) {
    const [made, decimals] = ticks(low - zero, high - zero, 8);
    return made.map((value) => [x(value + zero), value.toFixed(decimals)]);
  }

  // [place, text] of the first row after each gap; the text is missing where there is no room.
  function dates(rows, x) {
    const made = [];
    let room = -Infinity;
    rows.forEach((row, place) => {
      if (place && row.start - rows[place - 1].stop < GAP) return;
      const at = x(place);
      const fits = at - room >= LABEL;
      if (fits) room = at;
      if (fits || rows.length < 200) made.push([at, fits ? row.start.toFixed(1) : ""]);
    });
    return made;
  }

  // Whether most points would lie on their neighbours in time.
  function isCrowded(source, band) {
    const rows = rowsOf(source, band);
    if (rows.length < 3) return false;
    const width = (WIDTH - LEFT - RIGHT) / (rows[rows.length - 1].stop - rows[0].start);
    const near = rows.filter((row, place) => place && (row.start - rows[place - 1].start) * width < POINT);
    return near.length > 0.3 * (rows.length - 1);
  }

  function draw(source, band, inOrder) {
    const rows = rowsOf(source, band);
    const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": "Flux against time" });
    const drawn = rows.filter((row) => isLimit(row) || row.flux !== null);
    if (!drawn.length) return svg;
    const mean = source.flux[band], error = source.flux_err[band];
    let low = 0, high = 0;
    for (const row of drawn) {
      if (isLimit(row)) high = Math.max(high, row.limit);
      else {
        low = Math.min(low, row.flux - (row.errn || 0));
        high = Math.max(high, row.flux + (row.errp || 0));
      }
    }
    if (mean !== null) high = Math.max(high, mean + (error || 0));
    const exponent = Math.floor(Math.log10(Math.max(high, -low) || 1));
    const unit = 10 ** exponent;
    [low, high] = [low / unit, high / unit];
    const room = 0.06 * (high - low || 1);
    low -= low < 0 ? room : 0.02 * (high - low);
    high += room;
    const first = inOrder ? -0.5 : Math.min(...drawn.map((row) => row.start));
    const last = inOrder ? rows.length - 0.5 : Math.max(...drawn.map((row) => row.stop));
    const edge = inOrder ? 0 : 0.02 * (last - first);
    const x = (value) => LEFT + ((value - first + edge) / (last - first + 2 * edge)) * (WIDTH - LEFT - RIGHT);
    const y = (value) => HEIGHT - BOTTOM - ((value - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
    const zero = Math.floor(first);
    for (const [at, text] of inOrder ? dates(rows, x) : times(first - edge, last + edge, zero, x)) {
      svg.append(element("path", { class: "grid", d: `M${at} ${TOP}V${HEIGHT - BOTTOM}` }));
      svg.append(element("path", { class: "axis", d: `M${at} ${HEIGHT - BOTTOM}v5` }));
      svg.append(element("text", { x: at, y: HEIGHT - BOTTOM + 20, "text-anchor": "middle" }, text));
    }
    const [up, places] = ticks(low, high, 6);
    for (const value of up) {
      const kind = Math.abs(value) < 1e-12 ? "zero" : "grid";
      svg.append(element("path", { class: kind, d: `M${LEFT} ${y(value)}H${WIDTH - RIGHT}` }));
      svg.append(element("path", { class: "axis", d: `M${LEFT} ${y(value)}h-5` }));
      const text = value.toFixed(places).replace(/^-(?=0(\.0*)?$)/, "").replace("-", "−");
      svg.append(element("text", { x: LEFT - 9, y: y(value) + 4.5, "text-anchor": "end" }, text));
    }
    if (mean !== null) {
      const [top, bottom] = [y((mean + (error || 0)) / unit), y(Math.max((mean - (error || 0)) / unit, low))];
      svg.append(element("rect", { class: "band", x: LEFT, y: top, width: WIDTH - LEFT - RIGHT, height: Math.max(bottom - top, 0) }));
      svg.append(element("path", { class: "mean", d: `M${LEFT} ${y(mean / unit)}H${WIDTH - RIGHT}` }));
    }
    rows.forEach((row, place) => {
      const middle = inOrder ? x(place) : x(0.5 * (row.start + row.stop));
      const [left, right] = inOrder ? [middle, middle] : [x(row.start), x(row.stop)];
      const mark = element("g", {});
      if (isLimit(row)) {
        const at = y(row.limit / unit);
        mark.append(element("path", { class: "limit", d: `M${Math.min(left, middle - 4)} ${at}H${Math.max(right, middle + 4)}M${middle} ${at}v13m-3.5 -5l3.5 5l3.5 -5` }));
      } else if (row.flux !== null) {
        const at = y(row.flux / unit);
        mark.append(element("path", { class: "bar", d: `M${left} ${at}H${right}M${middle} ${y((row.flux - (row.errn || 0)) / unit)}V${y((row.flux + (row.errp || 0)) / unit)}` }));
        mark.append(element("circle", { class: "dot", cx: middle, cy: at, r: rows.length > 200 ? 2 : 3.2 }));
      } else return;
      mark.append(element("title", {}, `MJD ${row.start.toFixed(5)} to ${row.stop.toFixed(5)}: ${said(row)}`));
      svg.append(mark);
    });
    svg.append(element("path", { class: "axis", d: `M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${WIDTH - RIGHT}` }));
    const below = inOrder ? `MJD (${catalogue.scale}) of the first row after each gap` : `MJD − ${zero} [d, ${catalogue.scale}]`;
    svg.append(element("text", { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 8, "text-anchor": "middle" }, below));
    const title = element("text", { "text-anchor": "middle", transform: `translate(18 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)` });
    title.append(`Flux, ${catalogue.bands[band]} [10`);
    title.append(element("tspan", { dy: -5, "font-size": 10 }, String(exponent).replace("-", "−")));
    title.append(element("tspan", { dy: 5 }, " cm"), element("tspan", { dy: -5, "font-size": 10 }, "−2"));
    title.append(element("tspan", { dy: 5 }, " s"), element("tspan", { dy: -5, "font-size": 10 }, "−1"), element("tspan", { dy: 5 }, "]"));
    svg.append(title);
    return svg;
  }

  function said(row) {
    if (isLimit(row)) return `flux below ${number(row.limit, 3)} cm⁻² s⁻¹, TS ${statistic(row.ts)}`;
    return `flux ${number(row.flux, 4)} (+${number(row.errp, 2)} −${number(row.errn, 2)}) cm⁻² s⁻¹, TS ${statistic(row.ts)}`;
  }

  function fillTable(source) {
    const table = document.getElementById("rows");
    const several = catalogue.bands.length > 1;
    const head = [`Start [MJD ${catalogue.scale}]`, "Stop", ...(several ? ["Energies"] : []), "Flux [cm⁻² s⁻¹]", "Error down", "Error up", `Limit (${catalogue.level})`, "TS", "Events", "Status", "Reason"];
    const line = document.createElement("tr");
    for (const text of head) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = text;
      line.append(cell);
    }
    table.tHead.replaceChildren(line);
    const made = [];
    catalogue.bands.forEach((name, band) => rowsOf(source, band).forEach((row) => made.push([row, name])));
    made.sort((one, other) => one[0].start - other[0].start);
    table.tBodies[0].replaceChildren(...made.map(([row, name]) => {
      const cells = [row.start.toFixed(6), row.stop.toFixed(6), ...(several ? [name] : []), number(row.flux, 4), number(row.errn, 2), number(row.errp, 2), number(row.limit, 3), statistic(row.ts), row.counts === null ? "–" : row.counts.toFixed(0), row.status, row.reason];
      const shown = document.createElement("tr");
      cells.forEach((text, at) => {
        const cell = document.createElement("td");
        cell.textContent = text;
        if (at < cells.length - 2) cell.className = "number";
        shown.append(cell);
      });
      return shown;
    }));
  }

  function fillFacts(source) {
    const facts = document.getElementById("facts");
    facts.replaceChildren(...source.facts.map(([name, text]) => {
      const made = document.createElement("div");
      const [term, told] = [document.createElement("dt"), document.createElement("dd")];
      term.textContent = name;
      told.textContent = text;
      made.append(term, told);
      return made;
    }));
  }

  function link(id, place) {
    const made = document.getElementById(id);
    made.hidden = place < 0 || place >= catalogue.names.length;
    if (made.hidden) return;
    made.href = "#" + place;
    made.textContent = (id === "before" ? "← " : "→ ") + catalogue.names[place];
  }

  function notice(text) {
    const made = document.getElementById("notice");
    made.textContent = text;
    made.hidden = !text;
  }

  function redraw() {
    const source = loaded.get(Math.floor(current / catalogue.per_file))[current % catalogue.per_file];
    const chosen = new FormData(form);
    plot.replaceChildren(draw(source, Number(chosen.get("band") || 0), chosen.get("place") === "order"));
  }

  function show(place) {
    const part = Math.floor(place / catalogue.per_file);
    const name = catalogue.names[place];
    document.title = "Light curve of " + name;
    document.getElementById("name").textContent = name;
    link("before", place - 1);
    link("next", place + 1);
    if (!loaded.has(part)) {
      notice("The rows are being read.");
      const script = document.createElement("script");
      script.src = `assets/rows-${String(part).padStart(4, "0")}.js`;
      script.onerror = () => notice("The rows of this source are not there: the folder assets is not whole.");
      document.head.append(script);
      return;
    }
    const source = loaded.get(part)[place % catalogue.per_file];
    notice(source.rows.start.length ? "" : "No run has this source in its field of view.");
    fillFacts(source);
    fillTable(source);
    form.hidden = false;
    const order = isCrowded(source, Number(new FormData(form).get("band") || 0));
    form.elements.place.value = order ? "order" : "time";
    redraw();
    document.getElementById("caption").textContent = catalogue.caption;
  }

  function begin() {
    const place = Number(window.location.hash.slice(1) || 0);
    if (!Number.isInteger(place) || place < 0 || place >= catalogue.names.length) {
      notice("There is no source of this number; the list of all sources leads to each.");
      return;
    }
    current = place;
    show(place);
  }

  if (catalogue.bands.length > 1) {
    const choice = form.elements.band;
    catalogue.bands.forEach((name, band) => choice.append(new Option(name, band)));
    document.getElementById("bands").hidden = false;
  }
  form.addEventListener("change", redraw);
  window.addEventListener("hashchange", begin);
  begin();
})();
