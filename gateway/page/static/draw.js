// Makes elements of HTML and SVG. Texts are only ever set as text, never parsed as markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function element(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

export function replace(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

// Gives the focus back to a field that was drawn anew, unless something else has it by now.
export function refocus(id) {
  if (id && document.activeElement === document.body) document.getElementById(id)?.focus({ preventScroll: true });
}

export function makeButton(text, onclick, attributes = {}) {
  return element("button", { type: "button", ...attributes, onclick }, text);
}

export function makeSelect(label, options, value, onchange, attributes = {}) {
  const select = element("select", { ...attributes, onchange: (event) => onchange(event.target.value) },
    options.map((option) => element("option", { value: option.value, selected: option.value === value }, option.label)));
  return element("label", { class: "field" }, element("span", {}, label), select);
}

// A table, whose roles are written out because a phone shows its rows as blocks; each column has a label, a function that returns the content of a cell, and whether it is a number.
export function makeTable(caption, columns, rows, attributes = {}) {
  const cell = (column, row, index) => element(index ? "td" : "th",
    { class: column.number ? "number" : null, scope: index ? null : "row", role: index ? "cell" : "rowheader", "data-label": column.label }, column.content(row));
  return element("table", { role: "table", ...attributes }, element("caption", {}, caption),
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, columns.map((column) =>
      element("th", { scope: "col", role: "columnheader", class: column.number ? "number" : null }, column.label)))),
    element("tbody", { role: "rowgroup" }, rows.map((row) =>
      element("tr", { role: "row" }, columns.map((column, index) => cell(column, row, index))))));
}

export function makeSection(id, title, ...children) {
  return element("section", { id, "aria-labelledby": `${id}-title` },
    element("h2", { id: `${id}-title` }, title), ...children);
}

// A broad box whose content may be wider than the screen; with a place in the tab order, so that the keyboard can scroll it.
export function makeScrollBox(label, ...children) {
  return element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label }, ...children);
}

// A list box has one place in the tab order, whatever the number of units.
export function makeListBox(rows, label, open) {
  const options = rows.map((row, place) => element("div",
    { id: `unit-${place}`, role: "option", "aria-selected": "false", onclick: () => { select(place); open(row); } },
    element("span", { class: `swatch ${row.kind}` }), element("span", { class: "unit-name" }, row.name), element("span", { class: "unit-value" }, row.text)));
  let selected = 0;
  const list = element("div", { class: "units", role: "listbox", tabindex: 0, "aria-label": label }, options);
  function select(place) {
    options[selected]?.setAttribute("aria-selected", "false");
    selected = Math.max(0, Math.min(options.length - 1, place));
    options[selected]?.setAttribute("aria-selected", "true");
    list.setAttribute("aria-activedescendant", `unit-${selected}`);
    options[selected]?.scrollIntoView({ block: "nearest" });
  }
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -rows.length, End: rows.length };
  list.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") open(rows[selected]);
    else if (event.key in steps) select(selected + steps[event.key]);
    else return;
    event.preventDefault();
  });
  list.addEventListener("focus", () => { if (options.length) select(selected); });
  return list;
}

// Calls the function once, when the node comes near the screen: what nobody looks at is not read.
export function whenSeen(node, show) {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    show();
  }, { rootMargin: "200px" });
  observer.observe(node);
}
