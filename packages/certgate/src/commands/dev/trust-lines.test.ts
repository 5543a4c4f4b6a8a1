import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { describeTrustInUse, listTrustWarnings } from './trust-lines.js';

it('the revision is shown next to the place whose document is in use', () => {
  const mirror = { source: `file ${join(process.cwd(), 'trust.json')}`, isInUse: true };
  const describe = (isInUse: boolean): string =>
    describeTrustInUse({
      trust: {
        read: { source: 'blob https://a.example/t.json', revision: 4, mirror: { ...mirror, isInUse } },
        address: undefined,
        setBy: 'local.settings.json',
        unknownCallers: [],
      },
    });
  const end = 'revision 4, set by CERTGATE_TRUST in local.settings.json';
  assert.equal(describe(true), `trust document: file trust.json (mirror of blob https://a.example/t.json), ${end}`);
  assert.equal(describe(false), `trust document: blob https://a.example/t.json, ${end}`);
});

it('a document is said to be missing only if a store could not read it', () => {
  const describe = (fault?: string): string =>
    describeTrustInUse({
      trust: {
        read: { source: "the app's own table", ...(fault && { fault }) },
        address: undefined,
        setBy: '--trust',
        unknownCallers: [],
      },
    });
  assert.equal(describe(), "trust document: the app's own table, revision unknown, set by --trust");
  assert.equal(describe('ENOENT'), "trust document: the app's own table, nothing loaded, set by --trust");
});

it('no warning says which callers are missing in a document that only the app reads', () => {
  const trust = { read: undefined, address: undefined, setBy: 'the environment', unknownCallers: ['allowed'] } as const;
  const warn = (isUnread: boolean): string =>
    listTrustWarnings({
      trust: { ...trust, ...(isUnread ? { isUnread } : {}) },
      callers: [],
      isLocked: false,
    }).join('\n');
  assert.match(warn(true), /only the app reads it, so checks make only refused calls/);
  assert.match(warn(false), /does not list the development caller allowed/);
});

it('a missing revocation list is reported without saying that the document is unreadable', () => {
  const read = { source: 'file x', revision: 1, revocationFault: 'file corp.crl: ENOENT' };
  const trust = { read, address: undefined, setBy: 'the environment', unknownCallers: [] } as const;
  const warnings = listTrustWarnings({ trust, callers: [], isLocked: false });
  assert.deepEqual(warnings, ['Revocation lists: file corp.crl: ENOENT.']);
});
