"use strict";
(function () {
  const table = document.getElementById("sources");
  const headings = Array.from(table.tHead.rows[0].cells);
  const bodies = Array.from(table.tBodies);
  const filter = document.getElementById("filter");
  const band = document.getElementById("band");
  const shown = document.getElementById("shown");
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const SPARK = 1;

  function valueOf(row, column) {
    const cell = row.cells[column];
    if (!("value" in cell.dataset)) return cell.textContent;
    return cell.dataset.value === "" ? null : Number(cell.dataset.value);
  }

  // Sources without a value come last, whichever way the others are.
  function compared(one, other, sign) {
    if (one === null || other === null) return (one === null) - (other === null);
    return sign * (typeof one === "number" ? one - other : collator.compare(one, other));
  }

  function sortBy(column, sign) {
    for (const body of bodies) {
      const rows = Array.from(body.rows).map((row, number) => [valueOf(row, column), number, row]);
      rows.sort((one, other) => compared(one[0], other[0], sign) || one[1] - other[1]);
      body.append(...rows.map((each) => each[2]));
    }
    headings.forEach((heading, number) => {
      if (number === column) heading.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
      else heading.removeAttribute("aria-sort");
    });
  }

  function show() {
    const wanted = filter.value.trim().toLowerCase();
    let number = 0;
    bodies.forEach((body, place) => {
      const chosen = place === (band ? Number(band.value) : 0);
      body.hidden = !chosen;
      for (const row of chosen ? body.rows : []) {
        row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted);
        number += !row.hidden;
      }
    });
    shown.textContent = wanted ? number + " of " + bodies[0].rows.length + " sources" : "";
  }

  headings.forEach((heading, column) => {
    if (column === SPARK) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const first = heading.classList.contains("number") && !heading.classList.contains("up") ? -1 : 1;
      const now = heading.getAttribute("aria-sort");
      sortBy(column, now === null ? first : now === "ascending" ? -1 : 1);
    });
  });
  filter.addEventListener("input", show);
  if (band) band.addEventListener("change", show);
  document.getElementById("controls").hidden = false;
  show();
})();
