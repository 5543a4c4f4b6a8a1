import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import type { TrustDocument } from '@certgate/core/internal';
import { createTemporaryFolder, runOpenssl } from '../../certificates/test-support/openssl.js';
import { type CsvSeparator, readCsvRows } from '../../files/csv-rows.js';
import type { ImportReading } from './import-reading.js';
import { planImport } from './plan-import.js';
import { findTableSeparator, readCallerTable, tableTemplate } from './read-caller-table.js';

const a = 'A'.repeat(64);
const b = 'B'.repeat(64);
const now = Date.UTC(2026, 10, 28);

describe('a table of callers', () => {
  const folder = createTemporaryFolder();
  after(() => {
    folder.remove();
  });
  const read = (text: string): Promise<ImportReading> => {
    const separator = findTableSeparator(text);
    assert.ok(separator, 'it is a table');
    return readCallerTable(text, { separator, folder: folder.path, now });
  };
  const listFaults = async (text: string): Promise<readonly string[]> =>
    (await read(text)).faults.map(({ origin, reason }) => `${origin}: ${reason}`);

  test('each row is read as a certificate and what its caller may do, with columns in any order and letter case', async () => {
    const { entries, faults, format } = await read(
      `UNTIL,Thumbprint,name,Roles,functions,owner\r\n2027-12-31,${a},billing,r.read;r.write  x,Orders,"a ""team"", two\nlines"\r\n,,,,,\r\n2027-12-31T12:00:00Z,${'c'.repeat(40)},reporting,,,\r\n`,
    );
    assert.deepEqual([format, faults], ['csv', []]);
    const columns = ['owner', 'roles', 'functions', 'until'];
    assert.deepEqual(entries, [
      {
        thumbprint: { algorithm: 'sha256', value: a },
        name: 'billing',
        origin: 'row 2, column thumbprint',
        stated: {
          row: 'row 2',
          columns,
          roles: ['r.read', 'r.write', 'x'],
          functions: ['Orders'],
          owner: 'a "team", two\nlines',
          expiresAt: '2028-01-01T00:00:00Z',
        },
      },
      {
        thumbprint: { algorithm: 'sha1', value: 'C'.repeat(40) },
        name: 'reporting',
        origin: 'row 4, column thumbprint',
        stated: { row: 'row 4', columns, roles: [], expiresAt: '2027-12-31T12:00:00Z' },
      },
    ]);
  });

  test('every fault of every row is reported', async () => {
    const faults = await listFaults(
      [
        'name,owner,roles,functions,thumbprint,certificate,until',
        `,,,,${a},,`,
        `x3,,,,${a}0,,31.12.2027`,
        'x4,,,,,,',
        `x5,,"a,b",,${a},,2026-11-27`,
        `x6,${'o'.repeat(300)},,,${a},,`,
        `x7,y`,
        `x8,a "b" c,,,${a},,`,
        `x9,M\ufffdller,,,${a},,`,
        `x10,,,,,../x.pem,`,
        `x11,,,,,/etc/passwd,`,
        String.raw`x12,,,,,\\host\share\x.pem,`,
        'x13,,,,,nowhere.pem,',
        `x14,,,;,${a},,`,
        `y,"open,,,${a},,`,
      ].join('\n'),
    );
    assert.deepEqual(
      faults.map((fault) => fault.replace(/;.*| Supported.*|in the table's.*|\/\S+\//, '')),
      [
        'row 2, column name: there is no name',
        'row 3, column until: write a date like 2027-12-31, or a time in UTC like 2027-12-31T12:00:00Z',
        'row 3, column thumbprint: it has 65 hexadecimal digits',
        'row 4, column thumbprint: write a thumbprint, or the file of the certificate in the column certificate',
        'row 5, column roles: separate the roles by spaces or semicolons, not by commas',
        'row 5, column until: that is in the past',
        'row 6, column owner: it has more than 256 characters',
        'row 7: it has 2 cells, and the header has 7',
        'row 8: a quotation mark is inside a cell',
        "row 9: it has characters that can't be read",
        'row 10, column certificate: name a file ',
        'row 11, column certificate: name a file ',
        'row 12, column certificate: name a file ',
        'row 13, column certificate: There is no file nowhere.pem.',
        'row 14, column functions: there are only separators',
        'row 15: a quotation mark opens a cell and is never closed',
      ],
    );
  });

  test('a header with an unknown, repeated or missing column is reported, and another text is not a table', async () => {
    const place = (text: string): string => text.replace(/[.;].*/, '');
    assert.deepEqual((await listFaults(`name,thumbprint,role,,Name\nx,${a},,,`)).map(place), [
      'row 1, column 3: there is no such column',
      'row 1, column 4: it has no heading',
      'row 1, column 5: this column appears twice',
    ]);
    assert.deepEqual((await listFaults(`owner,thumbprint\nx,${a}`)).map(place), ['row 1: the column name is missing']);
    assert.deepEqual((await listFaults('name,owner\nx,y')).map(place), [
      'row 1: it needs a column thumbprint or a column certificate',
    ]);
    for (const list of ['', a, `billing=${a}`, `${a},${b}`, `["${a}"]`, '<policies/>', 'name: x']) {
      assert.equal(findTableSeparator(list), undefined, list);
    }
    assert.equal(findTableSeparator('"name"\t"Thumbprint"'), '\t');
  });

  test('rows of one name must agree, whatever the order of their roles', async () => {
    const header = 'name,roles,thumbprint,owner\n';
    assert.deepEqual(await listFaults(`${header}x,r s,${a},o\nX,s r,${b},o`), []);
    const [fault, ...others] = await listFaults(`${header}x,r,${a},o\ny,r,${b},o\nX,r s,${'C'.repeat(64)},o`);
    assert.match(fault ?? '', /^row 4, column roles: row 2 says something else/);
    assert.deepEqual(others, []);
  });

  test('a certificate is read from its file, must be suitable, and must have the thumbprint in its row', async () => {
    mkdirSync(folder.file('callers'), { recursive: true });
    const make = (name: string, constraint: string): void => {
      const [key, out] = [folder.file(`${name}.key.pem`), folder.file(`callers/${name}.pem`)];
      const subject = ['-subj', `/CN=${name}`, '-days', '90', '-addext', `basicConstraints=critical,${constraint}`];
      const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
      runOpenssl(['req', '-x509', ...curve, ...subject, '-keyout', key, '-out', out]);
    };
    make('good', 'CA:FALSE');
    make('authority', 'CA:TRUE');
    const { entries, faults } = await read(
      `name,certificate,thumbprint\nx,callers/good.pem,\nx,callers/good.pem,${a}\ny,callers/authority.pem,\nz,good.key.pem,`,
    );
    assert.deepEqual(
      entries.map(({ certificate }) => certificate?.file),
      ['callers/good.pem', 'callers/good.pem', 'callers/authority.pem'],
    );
    const [first, second, ...others] = faults.map(({ origin, reason }) => `${origin}: ${reason}`);
    assert.match(first ?? '', /^row 3, column thumbprint: callers\/good\.pem is another certificate/);
    assert.match(second ?? '', /^row 5, column certificate: .*private key, but no certificate/);
    // The plan refuses an unsuitable certificate, unless it is pinned already. So it is not a fault of the row.
    const empty: TrustDocument = { schemaVersion: 1, revision: 1, identities: [] };
    const { refusals, document } = planImport(empty, entries, { roles: [] });
    assert.deepEqual(
      refusals.map(({ origin, reason }) => `${origin}: ${reason.replace(/\(.*/, '')}`),
      ['row 4, column certificate: Certgate would refuse the certificate itself '],
    );
    assert.ok(document.identities[0]?.pins?.[0]?.notAfter !== undefined, 'the pin ends with the certificate');
    assert.deepEqual(others, []);
  });

  test('the template is refused as it is, and accepted with a thumbprint', async () => {
    assert.deepEqual(
      (await read(tableTemplate)).faults.map(({ origin }) => origin),
      ['row 2, column certificate', 'row 2, column thumbprint'],
    );
    const edited = tableTemplate.replace('THUMBPRINT', a).replace('OR-ITS-FILE.crt.pem', '');
    assert.deepEqual((await read(edited)).faults, []);
  });

  test('any rows that another program wrote are read correctly', () => {
    const cell = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', '"', ',', ';', '\t', '\n', '\r', ' ', '=', 'é', '😀'), maxLength: 6 }),
      fc.string({ maxLength: 4 }),
    );
    const table = fc
      .integer({ min: 1, max: 4 })
      .chain((width) => fc.array(fc.array(fc.tuple(cell, fc.boolean()), { minLength: width, maxLength: width })));
    fc.assert(
      fc.property(
        table,
        fc.constantFrom<CsvSeparator>(',', ';', '\t'),
        fc.constantFrom('\r\n', '\n', '\r'),
        fc.boolean(),
        (rows, separator, lineEnd, hasLastEnd) => {
          const write = ([text, isQuoted]: readonly [string, boolean]): string =>
            isQuoted || [separator, '"', '\n', '\r'].some((special) => text.includes(special))
              ? `"${text.split('"').join('""')}"`
              : text;
          const text = rows.map((row) => row.map(write).join(separator)).join(lineEnd) + (hasLastEnd ? lineEnd : '');
          const expected = rows
            .map((row, index) => ({ number: index + 1, cells: row.map(([each]) => each.trim()), fault: undefined }))
            .filter(({ cells }) => cells.some((each) => each !== ''));
          assert.deepEqual([...readCsvRows(text, separator)], expected);
        },
      ),
      { numRuns: 500 },
    );
  });
});
