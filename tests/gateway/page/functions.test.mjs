// What the page computes before it draws: run by node, in a folder with the modules of the page.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as classes from "./classes.js";
import { groupOwed } from "./late.js";
import { groupRows } from "./money.js";
import { listOutlines, pickOutlines } from "./outlines.js";
import { makePath } from "./read.js";
import { findLimits, splitLines } from "./series.js";
import * as words from "./words.js";

globalThis.document = { documentElement: {} };

test("classes have at most five, round limits, and never one between values that are nearly alike", () => {
  assert.deepEqual(classes.findBreaks([], 2), []);
  assert.deepEqual(classes.findBreaks([7, 7, 7], 0), []);
  assert.deepEqual(classes.findBreaks([1, 2], 0), [2]);
  assert.deepEqual(classes.findBreaks([0, 0, 0, 1], 0), [1]);
  assert.deepEqual(classes.findBreaks([4.19, 4.2, 12.58, 12.59], 2), [10]);
  assert.deepEqual(classes.findBreaks([-5, -1, 0, 3, 9], 1), [-2, 0, 2, 5]);
  assert.deepEqual(classes.findBreaks([...Array(300).keys()].map((place) => place * 0.337), 2), [20, 40, 60, 80]);
});

test("each limit lies above the lowest value and not above the highest, whatever the values are", () => {
  let seed = 7;
  const draw = () => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed / 2147483648; };
  for (let round = 0; round < 300; round += 1) {
    const decimals = round % 4;
    const scale = 10 ** ((round % 7) - 2);
    const values = Array.from({ length: 1 + Math.floor(draw() * 60) }, () => Number(((draw() - (round % 2) / 2) * scale).toFixed(decimals)));
    const breaks = classes.findBreaks(values, decimals);
    assert.ok(breaks.length <= 4);
    breaks.forEach((limit, rank) => {
      assert.ok(limit > Math.min(...values) && limit <= Math.max(...values), `${limit} of ${values}`);
      assert.ok(rank === 0 || limit > breaks[rank - 1], `${breaks} of ${values}`);
      assert.equal(limit, Number(limit.toFixed(decimals)), "as many decimals as the figure has");
    });
  }
});

test("the highest class is the darkest, and a value on a limit is above it", () => {
  assert.equal(classes.describeTile({ value: 10 }, [10]), "class-4");
  assert.equal(classes.describeTile({ value: 9.99 }, [10]), "class-0");
  assert.equal(classes.describeTile({ value: 3 }, []), "class-4");
  assert.deepEqual([0, 1, 2, 3, 4].map((rank) => classes.findColour([1, 2, 3, 4], rank)), [0, 1, 2, 3, 4]);
});

test("what has no value or must be assessed anew is hatched, and is not compared", () => {
  const rows = [{ unit: "1", unit_since: "a", value: 0 }, { unit: "2", unit_since: "a", value: null },
    { unit: "3", unit_since: "a", value: 5, reassessment_required: true }, { unit: "4", unit_since: "a", value: 6, caveat: { code: "reassessment_required" } }, undefined];
  assert.deepEqual(rows.map((row) => classes.describeTile(row, [1])), ["class-0", "none", "reassess", "reassess", "none"]);
  assert.deepEqual(classes.listValues(rows), [0]);
});

test("a value goes to the hexagon with its code and its first day, not to another unit that bears the code", () => {
  const tiles = [{ unit: "23293", unit_since: "2025-07-01", parent: "51" }, { unit: "23284", unit_since: "2004-07-08", parent: "608" }];
  const rows = [{ unit: "23293", unit_since: "2004-07-08", value: 1 }, { unit: "23284", unit_since: "2004-07-08", value: 2 }, { unit: "608", value: 3 }];
  assert.deepEqual([...classes.matchRows(tiles, rows, "commune").values()].map((row) => row?.value), [undefined, 2]);
  assert.deepEqual([...classes.matchRows(tiles, rows, "district").values()].map((row) => row?.value), [undefined, 3]);
});

test("a district is named in the middle of the communes whose place is known", () => {
  const tiles = [0, 1, 2, 3].map((x) => ({ parent: "608", x, y: 0, has_place: x < 3 }));
  assert.deepEqual(classes.findMiddles([...tiles, { parent: "609", x: 9, y: 9, has_place: false }]).map((tile) => tile.x), [1, 9]);
});

test("a line ends where the definition changes or a year has no value", () => {
  const point = (value, break_before = false) => ({ value, break_before });
  assert.deepEqual(splitLines([point(null), point(3), point(4), point(5, true), point(null), point(6)]), [[[1, 3], [2, 4]], [[3, 5]], [[5, 6]]]);
  assert.deepEqual(findLimits([{ value: 15.3, target: null }, { value: null, target: 18 }]), [0, 20]);
  assert.deepEqual(findLimits([]), [0, 1]);
  assert.deepEqual(findLimits([{ value: -4.1 }, { value: 2 }]), [-5, 2]);
});

test("amounts of groups add up to the đồng, and their rate is divided anew", () => {
  const row = (program, capital, available, disbursed) => ({ program, capital, lineage: capital, allocated_vnd: available, carried_over_vnd: 0, available_vnd: available,
    committed_vnd: 0, disbursed_vnd: disbursed, left_vnd: available - disbursed, rate_numerator_vnd: disbursed, rate_denominator_vnd: available });
  const [rural, poverty] = groupRows([row("rural", "investment", 9_007_199_254_740, 1), row("rural", "recurrent", 2, 2), row("poverty", "investment", 0, 0)], "program");
  assert.equal(rural.available_vnd, 9_007_199_254_742);
  assert.equal(rural.disbursement_rate, (100 * 3) / 9_007_199_254_742);
  assert.equal(rural.lineage, null);
  assert.deepEqual([poverty.disbursement_rate, poverty.lineage], [null, "investment"]);
});

test("nil, silence, late and overdue are counted apart", () => {
  const rows = [{ unit: "610", state: "missing", timeliness: "overdue" }, { unit: "610", state: "accepted", nil: true, timeliness: "late" }, { unit: "611", state: "submitted", timeliness: "on_time" }];
  const [first, second] = groupOwed(rows, (row) => row.unit);
  assert.deepEqual([first.owed, first.received, first.nils, first.silent, first.overdue, first.late], [2, 1, 1, 1, 1, 1]);
  assert.deepEqual([second.owed, second.silent, second.overdue], [1, 0, 0]);
});

test("outlines of GeoJSON and of TopoJSON are the same rings", () => {
  const square = [[0, 0], [2, 0], [2, 2], [0, 0]];
  const geo = { type: "FeatureCollection", features: [{ id: "a", geometry: { type: "Polygon", coordinates: [square] } }] };
  const topo = { type: "Topology", transform: { scale: [2, 2], translate: [0, 0] }, arcs: [[[0, 0], [1, 0]], [[0, 0], [1, 1], [0, -1]]],
    objects: { units: { geometries: [{ id: "a", type: "MultiPolygon", arcs: [[[0, -2]]] }] } } };
  assert.deepEqual(listOutlines(geo), [{ code: "a", polygons: [[square]] }]);
  assert.deepEqual(listOutlines(topo)[0].polygons[0][0], [[0, 0], [2, 0], [2, 0], [2, 2], [0, 0]]);
});

test("a district has an outline on a map of districts only", () => {
  const tiles = [{ unit: "23341", parent: "610" }];
  const outlines = [{ code: "23341" }, { code: "610" }, { code: "999" }];
  assert.deepEqual(pickOutlines(outlines, tiles, "commune").map((outline) => outline.code), ["23341"]);
  assert.deepEqual(pickOutlines(outlines, tiles, "district").map((outline) => outline.code), ["23341", "610"]);
});

test("numbers are rounded once, half away from zero, and written as the language does", () => {
  words.setLanguage("vi");
  assert.deepEqual([words.formatNumber(6.835, 2), words.formatNumber(-0.5), words.formatNumber(1234567)], ["6,84", "-1", "1.234.567"]);
  assert.equal(words.formatMoney(1_274_696_000_000), "1.274,7");
  assert.equal(words.formatMoney(1_274_696_000_001, true), "1.274.696.000.001");
  assert.equal(words.formatFigure({ value: 6.837035, decimals: 2, unit_of_measure: "percent" }), "6,84 %");
  assert.equal(words.formatDay("2025-07-01"), "01/07/2025");
  words.setLanguage("en");
  assert.deepEqual([words.formatNumber(1234.5, 1), words.formatDay("2025-07-01"), words.formatShortest(20, 2)], ["1,234.5", "1 Jul 2025", "20"]);
  words.setLanguage("fr");
  assert.equal(document.documentElement.lang, "vi", "another language is Vietnamese");
});

test("zero, nothing, what is withheld and what must be assessed anew are four words", () => {
  words.setLanguage("en");
  const figure = { decimals: 0, unit_of_measure: "communes" };
  const texts = [{ value: 0 }, { value: null }, { value: null, withheld: true }, { value: 1, reassessment_required: true }].map((row) => words.formatFigure({ ...figure, ...row }));
  assert.equal(new Set(texts).size, 4);
  assert.equal(texts[0], "0");
});

test("ages, days and names of units", () => {
  words.setLanguage("en");
  assert.deepEqual([3, 60, 7200, 200_000].map(words.formatAge), ["3 s", "1 min", "2 h", "2 days"]);
  assert.deepEqual(["2023", "2023-S1", "2023-Q3", "2024-02"].map(words.findLastDay), ["2023-12-31", "2023-06-30", "2023-09-30", "2024-02-29"]);
  assert.equal(words.findDayInVietnam(new Date("2025-06-30T17:00:00Z")), "2025-07-01");
  assert.deepEqual(["Thành phố Kon Tum", "Thị trấn Đăk Glei", "Xã Xốp", "Phường 1", "Xốp"].map(words.cutKindOfUnit), ["Kon Tum", "Đăk Glei", "Xốp", "1", "Xốp"]);
  assert.equal(words.translateKind("<b>"), "<b>");
});

test("an address leaves out what is not chosen, and encodes what is", () => {
  assert.equal(makePath("/v1/status", { period: "", unit: null, basis: undefined }), "/v1/status");
  assert.equal(makePath("/v1/tiles", { on: "2025-07-01", unit: "a&b=<c>" }), "/v1/tiles?on=2025-07-01&unit=a%26b%3D%3Cc%3E");
});
