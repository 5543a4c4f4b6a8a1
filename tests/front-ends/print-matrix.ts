import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { makeCertificates } from './callers.js';
import { writeMatrixTrust } from './matrix-callers.js';
import { type MatrixCell, runMatrixPair } from './matrix.js';
import { directTls, matrixFrontEnds } from './matrix-front-ends.js';
import { installHttpHosts } from '../test-support/http-hosts.js';
import { hostNames } from './matrix-hosts.js';

// `npm test -- --front-ends` runs this file: it runs every cell and prints the table. It exits with 1 if a cell differs
// from what is expected, or could not run.

const folder = mkdtempSync(`${tmpdir()}/certgate-matrix-`);
let isAllRight = true;

function describeCell({ statuses, expected, name, expectedName }: MatrixCell): string {
  const isRight = isDeepStrictEqual(statuses, expected) && name === expectedName;
  isAllRight &&= isRight;
  return `${statuses.join(' ')}${isRight ? '' : ` WRONG: ${expected.join(' ')} expected`}`;
}

function printRow(columns: readonly string[]): void {
  const widths = [20, 14];
  console.log(columns.map((text, index) => text.padEnd(widths[index] ?? 16)).join('  '));
}

try {
  const certificates = makeCertificates(folder);
  const installed = await installHttpHosts();
  process.once('exit', () => {
    installed.remove();
  });
  const stage = { certificates, trustFile: writeMatrixTrust(folder, certificates), installed };
  console.log('Each cell: the statuses of a public route, a closed one, and one that needs a role.\n');
  printRow(['front end', 'caller', ...hostNames, 'direct-tls']);
  for (const frontEnd of matrixFrontEnds) {
    if (frontEnd.skip !== false) {
      isAllRight = false;
      printRow([frontEnd.frontEnd, `NOT RUN: ${frontEnd.skip}`]);
      continue;
    }
    const columns: (readonly MatrixCell[])[] = [];
    for (const host of hostNames) columns.push(await runMatrixPair(frontEnd, host, stage));
    isAllRight &&= columns.every(({ length }) => length >= 7 && length === columns[0]?.length);
    for (const [index, { caller }] of (columns[0] ?? []).entries()) {
      const cells = columns.map((column) => column[index]).filter((cell) => cell !== undefined);
      printRow([frontEnd.frontEnd, caller, ...cells.map(describeCell), '-']);
    }
  }
  const tls = { TLS_CERTIFICATE: join(folder, 'localhost.crt'), TLS_CERTIFICATE_KEY: join(folder, 'localhost.key') };
  for (const cell of await runMatrixPair(directTls, 'direct-tls', stage, { tls })) {
    printRow([directTls.frontEnd, cell.caller, ...hostNames.map(() => '-'), describeCell(cell)]);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = isAllRight ? 0 : 1;
