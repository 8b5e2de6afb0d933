/** The table on the terminal. Pure. */

const columns = [
  "",
  "median",
  "min .. max",
  "",
  "peak MB",
  "torchner is",
  "min .. max",
  "target",
  "memory",
  "target",
];

export function formatReport({ head, sections }) {
  const table = sections.flatMap(({ title, rows }) => [[title], ...rows.map(cells)]);
  const lines = aligned([columns, ...table]);
  return [head, "", ...lines, ...reasons(sections)].join("\n");
}

function cells(row) {
  if (row.unavailable) return [`  ${row.name}`, "-"];
  const { comparison } = row;
  return [
    `  ${row.name}`,
    number(row.median),
    range(row),
    row.unit,
    row.peakMegabytes === undefined ? "" : String(row.peakMegabytes),
    comparison ? `${comparison.times.median.toFixed(2)}x` : "",
    comparison ? range(comparison.times) : "",
    verdict(comparison?.target ?? row.target, comparison ? "x" : ` ${row.unit}`),
    comparison?.memory === undefined ? "" : `${comparison.memory.toFixed(2)}x`,
    verdict(comparison?.memoryTarget, "x"),
  ];
}

function verdict(target, unit) {
  if (!target) return "";
  const bound = target.atLeast === undefined ? `< ${target.atMost}` : `> ${target.atLeast}`;
  return `${bound}${unit} ${target.met ? "met" : "MISSED"}`;
}

function range({ min, max }) {
  return `${number(min)} .. ${number(max)}`;
}

/** Three digits, or all before the point. */
function number(value) {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** Titles stand over the table's width and do not widen its first column. */
function aligned(rows) {
  const wide = rows.filter((row) => row.length > 1);
  const widths = columns.map((_, column) => Math.max(...wide.map((row) => (row[column] ?? "").length)));
  const pad = (cell, i) => (i === 0 || i === 3 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]));
  return rows.map((row) => (row.length === 1 ? `\n${row[0]}` : row.map(pad).join("  ").trimEnd()));
}

/** Each reason once, with all that it keeps away. */
function reasons(sections) {
  const byReason = new Map();
  for (const { name, unavailable } of sections.flatMap(({ rows }) => rows)) {
    if (unavailable) byReason.set(unavailable, (byReason.get(unavailable) ?? new Set()).add(name));
  }
  const lines = [...byReason].map(([reason, names]) => `  ${[...names].join(", ")}: ${reason}`);
  return lines.length === 0 ? [] : ["", "Not available:", ...lines];
}
