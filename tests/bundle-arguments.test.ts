// In a process of its own: names that come and go on Object.prototype slow down all that runs after them.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import type * as core from '@certgate/core/internal';
import { toPem } from '@certgate/core/test-support/authority-certificates.js';
import { documentOf } from '@certgate/core/test-support/documents.js';
import {
  listHostileValues,
  listMemberNames,
  pollute,
  watchAbsentMembers,
} from '@certgate/core/test-support/prototype-pollution.js';
import { now } from '@certgate/x509/test-support/certificates.js';
import { authorityExtensions, issue } from '@certgate/x509/test-support/revocation.js';

// Tests the checks that a bundler could lose: checks of arguments, and protection from members on `Object.prototype`.

const require = createRequire(import.meta.url);

/** An empty list is a wrong argument, except for the function that describes the members of a list. */
const noList = (name: string): readonly unknown[] => (name === 'describeRevocationGaps' ? [[5]] : [[]]);

describe('the bundle of x509', () => {
  for (const entry of ['@certgate/x509', '@certgate/x509/path']) {
    it(`${entry}: every function refuses arguments of a wrong type`, async () => {
      const functions = Object.entries(require(entry) as Readonly<Record<string, unknown>>).filter(
        ([name, value]) => typeof value === 'function' && !['CertgateError', 'createOcspNonce'].includes(name),
      ) as readonly [string, (argument: unknown) => unknown][];
      assert.ok(functions.length >= 8);
      for (const [name, call] of functions)
        for (const argument of [undefined, null, 5, {}, Object.create({ der: new Uint8Array() }), ...noList(name)])
          await assert.rejects(Promise.resolve(argument).then(call), { code: 'CERTGATE_ARGUMENT_INVALID' }, name);
    });
  }
});

describe('the bundle of core', () => {
  const { decideAccess, parseTrustDocument, presentCertificate } = require('@certgate/core/internal') as typeof core;
  const ca = issue({ name: 'Corp CA', key: 'p-256', extensions: authorityExtensions });
  const extensions = [
    'basicConstraints = critical, CA:FALSE',
    'keyUsage = critical, digitalSignature',
    'extendedKeyUsage = clientAuth',
    'subjectKeyIdentifier = hash',
    'authorityKeyIdentifier = keyid',
  ];
  const leaf = issue({ name: 'billing', key: 'p-256-again', issuer: ca, extensions });
  const { thumbprintSha256 } = presentCertificate(leaf.der);
  const pins = (more: object = {}): object => ({ pins: [{ thumbprintSha256, ...more }] });
  const named = { names: [{ issuedBy: 'corp', commonName: 'billing' }] };
  const authorities = [{ name: 'corp', trustAnchors: [toPem(ca.der)], revocation: { mode: 'off' } }];
  const decide = (identity: object, document: Record<string, unknown> = {}): string => {
    const trust = parseTrustDocument(documentOf([{ name: 'billing', roles: ['reader'], ...identity }], document));
    const requirement = { functionName: 'Refund', roles: [['reader']] };
    const decision = decideAccess({ header: leaf.der.toString('base64'), trust, requirement, now });
    return decision.outcome === 'denied'
      ? decision.code
      : `${decision.identity.name}: ${decision.identity.roles.join()}`;
  };
  const runs: Readonly<Record<string, () => string>> = {
    'billing: reader': () => decide(pins()),
    pin_disabled: () => decide(pins({ enabled: false })),
    certificate_not_trusted: () => decide({ pins: [{ thumbprintSha256: '0'.repeat(64) }] }),
    role_missing: () => decide({ ...pins(), roles: [] }),
    certificate_on_deny_list: () => decide(pins(), { denied: [{ thumbprintSha256 }] }),
  };
  const ofAuthority = (): string => decide(named, { authorities });
  const names = ['core', 'x509'].flatMap((name) =>
    listMemberNames(join(dirname(require.resolve(`@certgate/${name}/package.json`)), 'dist/esm')),
  );

  it('admits the same callers with the same roles, whatever members Object.prototype has', () => {
    for (const [expected, run] of [...Object.entries(runs), ['billing: reader', ofAuthority] as const]) {
      assert.equal(run(), expected);
      const watch = watchAbsentMembers(names);
      run();
      const sought = watch.stop();
      assert.ok(sought.size > 0);
      for (const name of sought) {
        for (const value of listHostileValues(name)) {
          const restore = pollute({ [name]: value });
          let decided = 'nobody';
          try {
            decided = run();
          } catch {
            // If the decision throws, the gate refuses the call.
          } finally {
            restore();
          }
          // A member on `Object.prototype` may cause a refusal, but never an admission.
          assert.ok(decided === expected || !decided.includes(':'), `${name}: ${String(value)}: ${decided}`);
        }
      }
    }
  });
});
