// Reads lists of callers from elsewhere. No thumbprint may be imported that the text doesn't contain, rows of CSV must
// be what a simpler reader reads, and a reader may throw only a refusal with a remedy.
import { readCsvRows } from '../../../packages/certgate/dist/esm/files/csv-rows.js';
import {
  findTableSeparator,
  readCallerTable,
  tableTemplate,
} from '../../../packages/certgate/dist/esm/trust/import/read-caller-table.js';
import { readThumbprintList } from '../../../packages/certgate/dist/esm/trust/import/read-thumbprint-list.js';
import { assert, inTime, orRefusal } from '../oracles.mjs';

export const maximumLength = 3000;
export const dictionary = ['""', '\r\n', 'name,thumbprint', ' = ', '#'];

const [sha1, sha256] = ['0A'.repeat(20), 'B1'.repeat(32)];
export const seeds = () =>
  [
    tableTemplate,
    `name;thumbprint;roles\r\nbilling;${sha256};"orders.read ""x"""\r\n\r\nreports;${sha1};\r\n`,
    `# ours\nbilling = ${sha1}\n${sha256.replace(/..(?=.)/g, '$&:')}, ${sha1.toLowerCase()} | *\n`,
    `{"THUMBPRINTS":"${sha1};${sha256}"}`,
  ].map((text) => Buffer.from(text));

export async function fuzz(data) {
  const text = data.toString('utf8');
  inTime(data.length, () => checkCsv(text));
  checkThumbprints(
    text,
    inTime(data.length, () => readThumbprintList(text)),
  );
  const separator = findTableSeparator(text);
  if (separator === undefined) return;
  const options = { separator, folder: '/nowhere', now: 0 };
  checkThumbprints(text, await orRefusal(() => readCallerTable(text, options), 'ToolFailure'));
}

function checkThumbprints(text, reading) {
  const digits = text.replace(/[^0-9A-Fa-f]/g, '').toUpperCase();
  for (const { thumbprint } of reading?.entries ?? []) assert.ok(digits.includes(thumbprint.value), thumbprint.value);
}

/** If there is no quotation mark, cells must end at separators and rows at line ends. */
function checkCsv(text) {
  for (const separator of [',', ';', '\t']) {
    const rows = [...readCsvRows(text, separator)];
    if (text.includes('"')) continue;
    const simple = text
      .split(/\r\n|\n|\r/)
      .map((line) => line.split(separator).map((cell) => cell.trim()))
      .filter((cells) => cells.some((cell) => cell !== ''));
    assert.deepEqual(
      rows.filter(({ cells }) => cells.some((cell) => cell !== '')).map(({ cells }) => cells),
      simple,
    );
  }
}
