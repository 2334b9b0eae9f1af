"use strict";
// What a filter's text means: words, and conditions such as "rewind k < 20" on columns.

const SIGNS = { "≤": "<=", "≥": ">=", "≠": "!=", "==": "=" };
const TOKEN = /<=|>=|!=|==|[<>=≤≥≠]|[^\s<>=!≤≥≠]+|!/g;
const SIGN = /^(<=|>=|!=|==|[<>=≤≥≠])$/;

const TESTS = {
  "<": (a, b) => a < b,
  ">": (a, b) => a > b,
  "<=": (a, b) => a <= b,
  ">=": (a, b) => a >= b,
  "=": (a, b) => a === b,
  "!=": (a, b) => a !== b,
};

/** A column's name as it may be typed: "Instability %" -> "instability". */
function nameIn(text) {
  return text.toLowerCase().replace(/[%():,]/g, " ").replace(/\s+/g, " ").trim();
}

/** From the strictest way in which a name can mean a column to the loosest. */
const WAYS = [
  (head, name) => head === name,
  (head, name) => head.startsWith(name),
  (head, name) => ` ${head} `.includes(` ${name} `),
  (head, name) => ` ${head}`.includes(` ${name}`),
  (head, name) => head.replaceAll(" ", "").includes(name.replaceAll(" ", "")),
];

/** The places of the columns that a name can mean. More than one: it is not clear which. */
function columnsOf(heads, name) {
  const wanted = nameIn(name);
  if (!wanted) return [];
  for (const way of WAYS) {
    const found = [...heads.keys()].filter((place) => way(nameIn(heads[place]), wanted));
    if (found.length) return found;
  }
  return [];
}

/** Split a text into words and conditions; what cannot be understood is said in `unclear`. */
function conditionsOf(text, heads) {
  const apart = text.toLowerCase().replace(/,(?=\s*[a-z])/g, " "); // but "[24, 24]" is one value
  const tokens = (apart.match(TOKEN) || []).filter((one) => one !== "and");
  const found = { words: [], conditions: [], unclear: [] };
  for (let i = 0; i < tokens.length; i++) {
    if (!SIGN.test(tokens[i])) {
      found.words.push(tokens[i]);
      continue;
    }
    const sign = SIGNS[tokens[i]] || tokens[i];
    const value = i + 1 < tokens.length && !SIGN.test(tokens[i + 1]) ? tokens[++i] : "";
    addCondition(found, heads, sign, value);
  }
  return found;
}

/** The condition's name is the longest run of words before its sign that means a column. */
function addCondition(found, heads, sign, value) {
  const words = found.words;
  let from = words.findIndex((_, i) => columnsOf(heads, words.slice(i).join(" ")).length > 0);
  if (from < 0) from = Math.max(words.length - 1, 0);
  const name = words.splice(from).join(" ");
  const columns = columnsOf(heads, name);
  const number = numberOf(value);
  if (!value) return; // it is still being typed
  if (!name) {
    const all = `Columns: ${heads.join("; ")}.`;
    found.unclear.push(`No column stands before “${sign} ${value}”. ${all}`);
  } else if (columns.length === 1) {
    if (Number.isNaN(number) && !["=", "!="].includes(sign)) {
      found.unclear.push(`${sign} compares with a number, not with “${value}”.`);
    } else found.conditions.push({ column: columns[0], sign, value, number });
  } else if (columns.length) {
    const those = columns.map((place) => heads[place]).join("; ");
    found.unclear.push(`“${name}” can mean several columns: ${those}.`);
  } else {
    found.unclear.push(`No column is named “${name}”. Columns: ${heads.join("; ")}.`);
  }
}

/** Conditions of an order on columns that hold no number at all: no row can pass these. */
function wordsOnly(conditions, rows, heads) {
  return conditions
    .filter(({ number }) => !Number.isNaN(number))
    .filter(({ column }) => rows.every((texts) => Number.isNaN(numberOf(texts[column]))))
    .filter(({ sign }) => !["=", "!="].includes(sign))
    .map((one) => [one, `“${heads[one.column]}” has words, not numbers: filter it by words.`]);
}

/** What to say where words that are in no cell name a column. */
function namesOnly(words, heads) {
  const [column, ...others] = columnsOf(heads, words.join(" "));
  const known = column !== undefined && others.length === 0;
  const example = `${words.join(" ")} < 2`;
  return known ? `“${heads[column]}” is a column: compare it, as in “${example}”.` : "";
}

function holds(text, { sign, value, number }) {
  const own = numberOf(text);
  if (!Number.isNaN(own) && !Number.isNaN(number)) return TESTS[sign](own, number);
  if (sign === "=") return text.includes(value);
  return sign === "!=" && !text.includes(value);
}
