import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { TLSSocket } from 'node:tls';
import { createServerCertificate } from '../../certificates/self-signed-certificate.js';
import { type Caller, prepareCallers } from '../../local-app/development-callers.js';
import type { RunningApp } from '../inspected-app.js';
import type { MatrixCell } from '../../trust/views/page-views.js';
import { TryCallers } from './callers.js';
import { runMatrix } from './matrix.js';

// A server in the gateway's place, which notes the certificate and the header of each call.

const hosted = { name: 'Refund', route: '/api/Refund', triggerType: 'httpTrigger', http: true } as const;
const covered = { covered: 'gate', policy: { kind: 'certificate', roles: [] } } as const;
const { certificatePem, privateKeyPem } = createServerCertificate({ now: new Date() });
const seen: (string | undefined)[] = [];
const server = createServer(
  { cert: certificatePem, key: privateKeyPem, requestCert: true, rejectUnauthorized: false },
  (request, response) => {
    const { socket, headers } = request;
    const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
    seen.push('x-arr-clientcert' in headers ? 'forged' : certificate?.fingerprint256.replaceAll(':', ''));
    response.writeHead(401).end();
  },
);
let folder = '';
let callers: readonly Caller[] = [];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'certgate-matrix-'));
  callers = await prepareCallers(folder, [], new Date());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
after(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

function thumbprintOf(name: string): string {
  return callers.find((caller) => caller.name === name)?.certificate?.certificate.thumbprintSha256 ?? '';
}

/** Runs the matrix with these callers in the trust document, and returns its cells by caller. */
async function run(
  trusted: readonly string[],
  behaviour: Partial<RunningApp['behaviour']> = {},
): Promise<ReadonlyMap<string, MatrixCell>> {
  seen.length = 0;
  const address = join(folder, 'own.json');
  const identities = trusted.map((name) => ({ name, roles: [], pins: [{ thumbprintSha256: thumbprintOf(name) }] }));
  writeFileSync(address, JSON.stringify({ schemaVersion: 1, revision: 1, identities }));
  const running: RunningApp = {
    app: {
      url: `https://localhost:${(server.address() as AddressInfo).port}`,
      functions: [{ ...hosted, ...covered, methods: ['GET'] }],
      callers,
      trust: { read: undefined, address, setBy: '--trust', unknownCallers: [] },
      serverCertificatePem: certificatePem,
      developmentFolder: folder,
    },
    frontEnd: 'app-service',
    behaviour: { clientCertificateMode: 'optional', exclusionPaths: [], worstCase: false, ...behaviour },
    namesToCall: [],
  };
  const { cells } = await runMatrix(running, await new TryCallers().list(running));
  return new Map(cells.map((cell) => [cell.callerId, cell]));
}

describe('the matrix', () => {
  it('calls no function as a caller whom the trust document has admitted since the app was loaded', async () => {
    assert.equal((await run(['allowed'])).get('denied')?.status, 401);
    assert.ok(seen.includes(thumbprintOf('denied')));
    const { status, expected, code } = (await run(['allowed', 'denied'])).get('denied') ?? {};
    assert.ok(!seen.includes(thumbprintOf('denied')));
    assert.deepEqual([status, expected, code], [null, 'allowed', 'allowed']);
  });

  it('sends no forged header if the front end would let it through', async () => {
    const exclusionPaths = ['/api/'];
    assert.equal((await run(['allowed'], { exclusionPaths })).get('forged-header')?.status, 401);
    assert.ok(seen.includes('forged'));
    const cells = await run(['allowed'], { exclusionPaths, worstCase: true });
    assert.ok(!seen.includes('forged'));
    assert.deepEqual(cells.get('forged-header')?.status, null);
    assert.equal(cells.get('none')?.status, 401);
  });
});
