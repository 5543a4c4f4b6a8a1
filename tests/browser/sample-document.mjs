// Makes a trust document with something to see: a rotation, a window that ends soon, a gap, an authority. The tool
// itself makes it, with dates around the present day.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const tool = fileURLToPath(new URL('../../packages/certgate/dist/esm/cli.js', import.meta.url));

/** @returns the paths of the document and of its authority's revocation list, and a function that removes both. */
export function createSampleDocument() {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-sample-'));
  const path = join(folder, 'trust.json');
  writeFileSync(path, JSON.stringify({ schemaVersion: 1, revision: 26, ...listContent(new Date()) }, null, 2));
  const password = join(folder, 'password.txt');
  writeFileSync(password, 'only-for-a-picture', { mode: 0o600 });
  const run = (...words) => execFileSync(process.execPath, [tool, ...words], { cwd: folder, stdio: 'pipe' });
  const change = ['--reason', 'Partners come with certificates of their own', '--store', path];
  const authority = 'Example Partners CA';
  const own = ['--folder', 'authorities', '--authority-password-file', password];
  const file = (extension) => join(folder, 'authorities', authority, `${authority}${extension}`);
  run('authority', 'create', authority, ...own);
  const sources = ['--trust-anchor', file('.crt.pem'), '--crl', `file:${file('.crl')}`];
  run('trust', 'authority', 'add', 'partners', ...sources, ...change);
  const names = ['--dns', 'orders.partners.example', '--issued-by', 'partners'];
  run('trust', 'add', 'partner-orders', '--role', 'orders.write', '--owner', 'partner team', ...names, ...change);
  for (const name of ['orders', 'returns']) {
    run('certificate', 'issue', name, '--authority', authority, '--no-pfx', '--pem', ...own);
    run('authority', 'revoke', authority, `${name}.crt.pem`, '--reason', 'keyCompromise', ...own);
  }
  return { folder, path, crl: file('.crl'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function listContent(now) {
  const day = (count) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + count)).toISOString();
  const pin = (name, from, until) => ({
    thumbprintSha256: createHash('sha256').update(name).digest('hex').toUpperCase(),
    ...(from === undefined ? {} : { notBefore: day(from) }),
    notAfter: day(until),
  });
  const identity = (name, owner, roles, pins, others = {}) => ({ name, owner, roles, pins, ...others });
  return {
    denied: [{ thumbprintSha256: pin('laptop', 0, 0).thumbprintSha256, reason: 'laptop stolen' }],
    identities: [
      identity('billing', 'payments team', ['orders.read'], [pin('a', -330, 35), pin('b', -7, 358)]),
      identity('warehouse', 'logistics', ['orders.read', 'orders.write'], [pin('c', -340, 20)]),
      identity('partner-portal', 'partner team', ['orders.read'], [pin('d', -200, 60), pin('e', 90, 455)]),
      identity('nightly-export', 'integration', ['orders.read'], [pin('f', -100, 630)], { functions: ['Export'] }),
      identity('trial-customer', 'sales', [], [pin('g', -30, 335)], { enabled: false }),
      identity('old-scheduler', 'operations', ['orders.read'], [pin('h', -372, -7)]),
    ],
  };
}
