// Which colour a unit has on the map: five classes with round limits, and which value belongs to which hexagon. No drawing.

const CLASSES = 5;
const LEAST_DISTANCE = 0.03;
const MARGIN = 0.01;
const ROUND_STEPS = [5, 2, 1];

function hasValue(row) {
  return row !== undefined && row !== null && row.value !== null && row.value !== undefined;
}

// A figure whose land or standard changed is not compared with the others, whatever value came with it.
export function mustReassess(row) {
  return Boolean(row?.reassessment_required || row?.caveat?.code === "reassessment_required");
}

// Returns the values that are compared, each unit once.
export function listValues(rows) {
  const byUnit = new Map(rows.filter((row) => hasValue(row) && !mustReassess(row)).map((row) => [`${row.unit}@${row.unit_since}`, row.value]));
  return [...byUnit.values()];
}

// Parts sorted values into groups that are as alike as they can be (natural breaks), and returns where each group but the first begins.
function findGroups(sorted, count) {
  const sums = [0];
  const squares = [0];
  for (const value of sorted) {
    sums.push(sums.at(-1) + value);
    squares.push(squares.at(-1) + value * value);
  }
  const spread = (from, to) => squares[to] - squares[from] - (sums[to] - sums[from]) ** 2 / (to - from);
  let costs = sorted.map((_, place) => spread(0, place + 1));
  let starts = sorted.map(() => []);
  for (let groups = 2; groups <= count; groups += 1) {
    const previous = costs;
    const before = starts;
    costs = [];
    starts = sorted.map((_, place) => {
      let best = groups - 1;
      const cost = (start) => previous[start - 1] + spread(start, place + 1);
      for (let start = groups; start <= place; start += 1) if (cost(start) < cost(best)) best = start;
      costs.push(place < groups - 1 ? 0 : cost(best));
      return place < groups - 1 ? before[place] : [...before[best - 1], best];
    });
  }
  return starts.at(-1);
}

// Returns the roundest number above `low` and not above `high`.
function findRoundNumber(low, high, decimals) {
  for (let power = Math.floor(Math.log10(Math.max(Math.abs(low), Math.abs(high)))) + 1; power >= -decimals; power -= 1) {
    for (const step of ROUND_STEPS) {
      const multiple = Math.floor(high / (step * 10 ** power) + 1e-9) * step * 10 ** power;
      if (multiple > low) return Number(multiple.toFixed(decimals));
    }
  }
  return Number(high.toFixed(decimals));
}

// Returns at most four limits, round numbers, that part the values into groups; values that are nearly alike stay in one group.
export function findBreaks(values, decimals) {
  const sorted = [...values].sort((left, right) => left - right);
  const range = sorted.at(-1) - sorted[0];
  if (!range) return [];
  const starts = [0, ...findGroups(sorted, Math.min(CLASSES, new Set(sorted).size)), sorted.length];
  const findMean = (group) => sorted.slice(starts[group], starts[group + 1]).reduce((sum, value) => sum + value, 0) / (starts[group + 1] - starts[group]);
  const margin = MARGIN * range;
  const breaks = [];
  for (let group = 1; group < starts.length - 1; group += 1) {
    if (findMean(group) - findMean(group - 1) < LEAST_DISTANCE * range) continue;
    const [low, high] = [sorted[starts[group] - 1], sorted[starts[group]]];
    const limit = findRoundNumber(Math.max(low - margin, sorted[0], breaks.at(-1) ?? -Infinity), Math.max(high, Math.min(high + margin, sorted.at(-1))), decimals);
    if (limit > sorted[0] && limit <= sorted.at(-1) && limit > (breaks.at(-1) ?? -Infinity)) breaks.push(limit);
  }
  return breaks;
}

export function findClass(breaks, value) {
  return breaks.filter((low) => value >= low).length;
}

// Spreads the classes that there are over the five colours, so that the highest is always the darkest.
export function findColour(breaks, rank) {
  return breaks.length ? Math.round((rank * (CLASSES - 1)) / breaks.length) : CLASSES - 1;
}

// Returns the CSS class of a unit: that of its value, or the hatching of what has none or must be assessed anew.
export function describeTile(row, breaks) {
  if (mustReassess(row)) return "reassess";
  if (!hasValue(row)) return "none";
  return `class-${findColour(breaks, findClass(breaks, row.value))}`;
}

// A value belongs to a hexagon by code and first day: a code that names another unit today is another unit.
export function matchRows(tiles, rows, level) {
  const byUnit = new Map(rows.map((row) => [`${row.unit}@${row.unit_since}`, row]));
  const byCode = new Map(rows.map((row) => [row.unit, row]));
  return new Map(tiles.map((tile) => [tile,
    level === "district" ? byCode.get(tile.parent) : byUnit.get(`${tile.unit}@${tile.unit_since}`)]));
}

// Returns the hexagon of each district that is nearest to its middle, where the name of the district is written.
export function findMiddles(tiles) {
  return [...new Set(tiles.map((tile) => tile.parent))].map((parent) => {
    const group = tiles.filter((tile) => tile.parent === parent);
    const placed = group.some((tile) => tile.has_place) ? group.filter((tile) => tile.has_place) : group;
    const middle = (axis) => placed.reduce((sum, tile) => sum + tile[axis], 0) / placed.length;
    const [x, y] = [middle("x"), middle("y")];
    const distance = (tile) => (tile.x - x) ** 2 + (tile.y - y) ** 2;
    return placed.reduce((best, tile) => (distance(tile) < distance(best) ? tile : best));
  });
}
