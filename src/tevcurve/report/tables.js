"use strict";
// Tables: rows sorted by a column; of a long table, rows in parts and those that have some words.
const tables = (function () {
  const PART = 500;

  async function inflated(text) {
    const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).text();
  }

  function textsOf(row) {
    return Array.from(row.cells, (cell) => cell.textContent);
  }

  function inOrder(rows, number, down) {
    const collator = new Intl.Collator("en");
    const keyed = rows.map((row) => {
      const text = row[number].replaceAll("−", "-").trim();
      return [row, text, parseFloat(text)];
    });
    keyed.sort(([, a, x], [, b, y]) => {
      // what is unknown stays at the end
      if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1;
      const rise = Number.isNaN(x) ? collator.compare(a, b) : x - y;
      return down ? -rise : rise;
    });
    return keyed.map(([row]) => row);
  }

  class Rows {
    constructor(table) {
      this.table = table;
      this.kinds = Array.from(table.tHead.rows[0].cells, (heading) => heading.className);
      this.order = (rows) => rows;
      this.words = "";
      this.most = table.dataset.rows ? table.tBodies[0].rows.length : Infinity;
    }

    async all() {
      if (!this.rows) {
        const packed = this.table.dataset.rows;
        this.rows = packed ? JSON.parse(await inflated(packed)) : Array.from(this.table.tBodies[0].rows, textsOf);
        delete this.table.dataset.rows;
      }
      return this.rows;
    }

    async draw() {
      const rows = await this.all();
      const words = this.words.toLowerCase();
      const found = words ? rows.filter((row) => row.some((text) => text.toLowerCase().includes(words))) : rows;
      const shown = this.order(found).slice(0, this.most);
      this.table.tBodies[0].replaceChildren(...shown.map((row) => this.rowOf(row)));
      if (this.tell) this.tell(shown.length, found.length, rows.length);
    }

    rowOf(texts) {
      const row = document.createElement("tr");
      row.append(...texts.map((text, number) => {
        const cell = document.createElement("td");
        if (this.kinds[number]) cell.className = this.kinds[number];
        cell.textContent = text;
        return cell;
      }));
      return row;
    }

    sortBy(number, heading) {
      const down = heading.getAttribute("aria-sort") === "ascending";
      for (const other of this.table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      this.order = (rows) => inOrder(rows, number, down);
      return this.draw();
    }
  }

  function button(text, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.addEventListener("click", act);
    return made;
  }

  function makeSortable(rows) {
    Array.from(rows.table.tHead.rows[0].cells).forEach((heading, number) => {
      const made = button(heading.textContent, () => rows.sortBy(number, heading));
      made.title = "Sort by this column";
      heading.replaceChildren(made);
    });
  }

  // What a long table has under it: how many rows are shown, more of them, and words to look for.
  function addParts(rows) {
    const region = rows.table.closest(".scroll");
    const note = region.nextElementSibling;
    const bar = document.createElement("form");
    const label = document.createElement("label");
    const input = document.createElement("input");
    input.type = "search";
    label.append("Rows with ", input);
    bar.className = "controls parts";
    const showing = (most) => () => { rows.most = most(); return rows.draw(); };
    const more = button(`Show ${PART} more`, showing(() => rows.most + PART));
    const all = button("Show all", showing(() => Infinity));
    bar.append(label, more, all);
    bar.addEventListener("submit", (event) => event.preventDefault());
    input.addEventListener("input", () => { rows.words = input.value.trim(); return rows.draw(); });
    note.setAttribute("aria-live", "polite");
    rows.tell = (shown, found, total) => {
      const which = rows.words ? `${found} of ${total} rows have “${rows.words}”` : `There are ${total} rows`;
      note.textContent = shown < found ? `${which}; ${shown} are shown.` : `${which}; all are shown.`;
      more.disabled = all.disabled = shown === found;
    };
    region.before(bar);
  }

  function setUp(table) {
    const rows = new Rows(table);
    makeSortable(rows);
    if (table.dataset.rows) addParts(rows);
  }

  return { setUp, inflated };
})();
