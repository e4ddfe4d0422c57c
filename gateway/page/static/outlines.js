// Outlines of units, GeoJSON or TopoJSON, where the installation has them.

import { describeTile } from "./classes.js";
import { svg } from "./draw.js";

function decodeArcs(topology) {
  const { scale = [1, 1], translate: shift = [0, 0] } = topology.transform ?? {};
  const isQuantized = Boolean(topology.transform);
  return topology.arcs.map((arc) => {
    let [x, y] = [0, 0];
    return arc.map(([stepX, stepY]) => {
      [x, y] = isQuantized ? [x + stepX, y + stepY] : [stepX, stepY];
      return [x * scale[0] + shift[0], y * scale[1] + shift[1]];
    });
  });
}

function joinArcs(arcs, indexes) {
  return indexes.flatMap((index) => (index < 0 ? [...arcs[-index - 1]].reverse() : arcs[index]));
}

function listPolygons(geometry, makeRing) {
  const shapes = geometry.arcs ?? geometry.coordinates;
  const polygons = geometry.type === "MultiPolygon" ? shapes : [shapes];
  return polygons.map((rings) => rings.map(makeRing));
}

// Returns each outline as {code, polygons}, a ring being a list of [longitude, latitude].
export function listOutlines(document) {
  const findCode = (feature) => feature.id ?? feature.properties?.code;
  if (document.type === "Topology") {
    const arcs = decodeArcs(document);
    return Object.values(document.objects).flatMap((collection) => collection.geometries ?? []).map((geometry) =>
      ({ code: findCode(geometry), polygons: listPolygons(geometry, (indexes) => joinArcs(arcs, indexes)) }));
  }
  return document.features.map((feature) =>
    ({ code: findCode(feature), polygons: listPolygons(feature.geometry, (ring) => ring) }));
}

// Returns the outlines that can be coloured: those of communes, and those of districts where values are of districts.
export function pickOutlines(outlines, tiles, level) {
  const codes = new Set(tiles.flatMap((tile) => (level === "district" ? [tile.unit, tile.parent] : [tile.unit])));
  return outlines.filter((outline) => codes.has(outline.code));
}

// Returns the drawing, null where no unit has an outline, and how many of the communes have none in it.
export function drawOutlines(document, tiles, matched, drawing, label) {
  const byUnit = new Map(tiles.map((tile) => [tile.unit, tile]));
  const byParent = new Map(tiles.map((tile) => [tile.parent, tile]));
  const shown = pickOutlines(listOutlines(document), tiles, drawing.level);
  if (!shown.length) return { picture: null, missing: tiles.length };
  const points = shown.flatMap((outline) => outline.polygons.flat(2));
  const [west, east] = [Math.min(...points.map(([x]) => x)), Math.max(...points.map(([x]) => x))];
  const [south, north] = [Math.min(...points.map(([, y]) => y)), Math.max(...points.map(([, y]) => y))];
  const shrink = Math.cos(((south + north) / 2) * (Math.PI / 180));
  const unit = Math.max((east - west) * shrink, north - south) / 20;
  const place = ([x, y]) => `${(((x - west) * shrink) / unit).toFixed(2)},${((north - y) / unit).toFixed(2)}`;
  const paths = shown.map((outline) => {
    const tile = byUnit.get(outline.code) ?? byParent.get(outline.code);
    const item = matched.get(tile);
    const d = outline.polygons.flat().map((ring) => `M${ring.map(place).join("L")}Z`).join("");
    return svg("g", { class: `tile ${describeTile(item, drawing.breaks)}`, onclick: () => drawing.open(tile) },
      svg("title", {}, `${drawing.level === "commune" && byUnit.has(outline.code) ? tile.unit_name : tile.parent_name}: ${drawing.formatItem(drawing.indicator, item)}`),
      svg("path", { d, class: "outline", "fill-rule": "evenodd" }));
  });
  const size = `${((east - west) * shrink) / unit} ${(north - south) / unit}`;
  const codes = new Set(shown.map((outline) => outline.code));
  const missing = tiles.filter((tile) => !codes.has(tile.unit) && !codes.has(tile.parent)).length;
  const picture = svg("svg", { class: "map", viewBox: `0 0 ${size}`, role: "img", "aria-label": label }, drawing.makePatterns(), paths);
  return { picture, missing };
}
