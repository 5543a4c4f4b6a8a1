import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { clientExtensions } from '@certgate/x509/test-support/certificates.js';
import { writeDatedCertificate } from '@certgate/x509/test-support/dated-certificates.js';
import { createAdapterApp, readHeader, send } from './test-support/adapter-app.js';
import { root } from './test-support/certgate.js';
import { tellKeyNames } from './test-support/key-check.js';
import { type OpensslCertificate, makeOpensslCertificate, openssl } from './test-support/openssl.js';

// Plays the migration of docs/from-function-keys.md with twenty callers, each with a function key of its own.

const days = 86_400_000;

const main = `
${tellKeyNames}
import { app } from '@azure/functions';
import { allowAnonymous, findClientIdentity, observe, secureApp, trustStoreFrom } from '@certgate/azure-functions';

let ahead = 0;
const now = Date.now.bind(Date);
Date.now = () => now() + ahead;

secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });
const handler = (request, context) => ({ body: findClientIdentity(context)?.name ?? 'nobody' });
const until = new Date(now() + ${10 * days}).toISOString();
app.http('Orders', { authLevel: 'function', handler: observe(handler, { until }) });
app.http('TenDaysLater', { handler: allowAnonymous(() => { ahead = ${10 * days}; return { body: 'done' }; }) });
`;

interface Caller {
  /** The name of the caller's function key. */
  readonly name: string;
  readonly certificate?: OpensslCertificate;
  /** The outcome or the code that the log must show for the caller. */
  readonly expected: 'allowed' | 'certificate_missing' | 'certificate_not_trusted' | 'certificate_expired';
}

/** Makes a self-signed certificate that expired in 2021. */
function makeExpiredCertificate(folder: string, name: string): OpensslCertificate {
  const [certificateFile, keyFile] = [join(folder, `${name}.crt.pem`), join(folder, `${name}.key.pem`)];
  const validity = { notBefore: '20200101000000Z', notAfter: '20210101000000Z' };
  const extensions = clientExtensions;
  writeDatedCertificate(certificateFile, { keyPath: keyFile, name: [`CN = ${name}`], extensions, ...validity });
  const printed = openssl(['x509', '-in', certificateFile, '-noout', '-fingerprint', '-sha256'], folder);
  return { certificateFile, keyFile, thumbprintSha256: printed.split('=')[1]?.trim() ?? '' };
}

function createCallers(folder: string): readonly Caller[] {
  const names = Array.from({ length: 20 }, (_, index) => `caller-${String(index + 1).padStart(2, '0')}`);
  return names.map((name, index) => {
    if (index < 12) return { name, certificate: makeOpensslCertificate(folder, name, 'ec'), expected: 'allowed' };
    if (index < 15) return { name, expected: 'certificate_missing' };
    if (index < 18)
      return { name, certificate: makeOpensslCertificate(folder, name, 'ec'), expected: 'certificate_not_trusted' };
    return { name, certificate: makeExpiredCertificate(folder, name), expected: 'certificate_expired' };
  });
}

/** Writes the operator's trust document. It leaves out the callers whose certificates the operator does not know. */
function writeTrust(folder: string, callers: readonly Caller[]): string {
  const file = join(folder, 'trust.json');
  const identities = callers
    .filter(({ expected }) => expected === 'allowed' || expected === 'certificate_expired')
    .map(({ name, certificate }) => ({
      name,
      roles: [],
      pins: [{ thumbprintSha256: certificate?.thumbprintSha256 }],
    }));
  writeFileSync(file, JSON.stringify({ schemaVersion: 1, revision: 1, identities }));
  return file;
}

/** The log lines that docs/from-function-keys.md shows. */
function readShownLines(): readonly Readonly<Record<string, unknown>>[] {
  const page = readFileSync(join(root, 'docs', 'from-function-keys.md'), 'utf8');
  return (page.match(/^\{"certgate":.*$/gm) ?? []).map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('a move from function keys to certificates', () => {
  it('shows exactly the eight callers of twenty that are refused afterwards, and why', async (context) => {
    const app = createAdapterApp(context, {
      'package.json': '{ "type": "module", "main": "src/index.js" }',
      'src/index.js': main,
    });
    const callers = createCallers(app.folder);
    const { url } = await app.start({ environment: { CERTGATE_TRUST: writeTrust(app.folder, callers) } });
    const call = async (name: string, { name: key, certificate }: Partial<Caller> = {}): Promise<[number, string]> => {
      const header = certificate === undefined ? {} : { 'X-ARR-ClientCert': readHeader(certificate) };
      const { status, body } = await send(`${url}/api/${name}`, { 'x-functions-key': key ?? '', ...header });
      return [status, body];
    };

    // Refused callers call so often that the log only counts some of their calls.
    const rounds = callers.flatMap((caller) =>
      Array.from({ length: caller.expected === 'allowed' ? 2 : 15 }, () => caller),
    );
    for (const caller of rounds) {
      const identity = caller.expected === 'allowed' ? caller.name : 'nobody';
      assert.deepEqual(await call('Orders', caller), [200, identity], caller.name);
    }

    const loggedLeast = 24 + 8;
    const lines = (await app.decisions(loggedLeast)).filter((line) => line['observedUntil'] !== undefined);
    const linesOf = (outcome: string): ReadonlyMap<unknown, Readonly<Record<string, unknown>>> =>
      new Map(lines.filter((line) => line['outcome'] === outcome).map((line) => [line['functionKey'], line]));
    const [admitted, refused] = [linesOf('allowed'), linesOf('observed')];
    const [ready, others] = [callers.slice(0, 12), callers.slice(12)];
    assert.deepEqual(
      [...admitted.keys()].sort(),
      ready.map(({ name }) => name),
    );
    assert.deepEqual(
      [...refused.keys()].sort(),
      others.map(({ name }) => name),
    );
    for (const { name, expected, certificate } of others) {
      const thumbprintSha256 = certificate?.thumbprintSha256.replaceAll(':', '');
      const identity = expected === 'certificate_expired' ? name : undefined;
      const line = refused.get(name);
      assert.deepEqual(
        [line?.['code'], line?.['thumbprintSha256'], line?.['identity'], line?.['status']],
        [expected, thumbprintSha256, identity, undefined],
      );
    }
    const [start] = await app.startLines(1);
    const written = [start ?? {}, ...lines];
    const shown = readShownLines();
    assert.deepEqual(
      shown.map(({ code }) => code),
      ['observed', 'allowed', 'certificate_missing', 'certificate_not_trusted'],
    );
    for (const line of shown) {
      const same = written.find(({ event, code }) => event === line['event'] && code === line['code']);
      assert.deepEqual(Object.keys(line), Object.keys(same ?? {}), `the page's line of ${String(line['code'])}`);
    }
    // The log only counted some calls, but it still has a line for each caller.
    assert.ok(lines.length < rounds.length);

    assert.deepEqual(await call('TenDaysLater'), [200, 'done']);
    for (const caller of callers) {
      const [status, body] = await call('Orders', caller);
      assert.equal(status, caller.expected === 'allowed' ? 200 : 401, caller.name);
      if (caller.expected === 'allowed') assert.equal(body, caller.name);
    }
    const after = (await app.decisions(lines.length + 20)).slice(lines.length);
    assert.deepEqual(after.map(({ outcome }) => outcome).filter((outcome) => outcome === 'denied').length, 8);
    assert.deepEqual([start?.['code'], start?.['function']], ['observed', 'Orders']);
  });
});
