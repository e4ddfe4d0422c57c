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

export function makeButton(text, onclick, attributes = {}) {
  return element("button", { type: "button", ...attributes, onclick }, text);
}

export function makeSelect(label, options, value, onchange, attributes = {}) {
  const select = element("select", { ...attributes, onchange: (event) => onchange(event.target.value) },
    options.map((option) => element("option", { value: option.value, selected: option.value === value }, option.label)));
  return element("label", { class: "field" }, element("span", {}, label), select);
}

// A table; each column has a label, a function that returns the content of a cell, and whether it is a number.
export function makeTable(caption, columns, rows, attributes = {}) {
  const cell = (column, row, index) => element(index ? "td" : "th",
    { class: column.number ? "number" : null, scope: index ? null : "row" }, column.content(row));
  return element("table", attributes, element("caption", {}, caption),
    element("thead", {}, element("tr", {}, columns.map((column) =>
      element("th", { scope: "col", class: column.number ? "number" : null }, column.label)))),
    element("tbody", {}, rows.map((row) =>
      element("tr", {}, columns.map((column, index) => cell(column, row, index))))));
}

export function makeSection(id, title, ...children) {
  return element("section", { id, "aria-labelledby": `${id}-title` },
    element("h2", { id: `${id}-title` }, title), ...children);
}

// A broad box whose content may be wider than the screen; with a place in the tab order, so that the keyboard can scroll it.
export function makeScrollBox(label, ...children) {
  return element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label }, ...children);
}
