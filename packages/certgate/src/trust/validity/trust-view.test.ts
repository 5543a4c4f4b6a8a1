import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { parseTrustDocument } from '@certgate/core/internal';
import fc from 'fast-check';
import { createTemporaryFolder, makeOpensslPair, runOpenssl } from '../../certificates/test-support/openssl.js';
import type { TrustIdentityView, TrustView } from '../views/page-views.js';
import { readCertificateFolder } from '../import/certificate-folder.js';
import { createTrustView, type TrustViewQuestion } from './trust-view.js';

const at = Date.UTC(2027, 1, 12);
const hash = (index: number): string => index.toString(16).padStart(2, '0').toUpperCase().repeat(32);

function view(identities: readonly object[], more: Partial<TrustViewQuestion> & { document?: object } = {}): TrustView {
  const { document, ...rest } = more;
  const snapshot = parseTrustDocument({ schemaVersion: 1, revision: 7, identities, ...document });
  return createTrustView({ store: 'file:trust.json', snapshot, at, ...rest });
}

const viewOne = (identity: object): TrustIdentityView => {
  const [only] = view([{ name: 'billing', roles: [], ...identity }]).identities;
  assert.ok(only !== undefined);
  return only;
};

describe('an identity over time', () => {
  const one = { thumbprintSha256: hash(1), notBefore: '2026-01-01T00:00:00Z', notAfter: '2027-02-20T00:00:00Z' };
  const next = { thumbprintSha256: hash(2), notBefore: '2027-02-01T00:00:00Z', notAfter: '2028-02-01T00:00:00Z' };

  it('shows a rotation: the windows, the overlap, and when nobody is admitted any more', () => {
    const { windows, overlaps, gaps } = viewOne({ pins: [one, next] });
    assert.deepEqual(
      windows.map(({ state, from, until }) => [state, from, until]),
      [
        ['ending', '2026-01-01T00:00:00Z', '2027-02-20T00:00:00Z'],
        ['valid', '2027-02-01T00:00:00Z', '2028-02-01T00:00:00Z'],
      ],
    );
    assert.deepEqual(overlaps, [{ from: '2027-02-01T00:00:00Z', until: '2027-02-20T00:00:00Z' }]);
    assert.deepEqual(gaps, [{ from: '2028-02-01T00:00:00Z', until: null, isSoon: false }]);
  });

  it('has an overlap from now on if its pins have no beginning, and none if they have no end', () => {
    const ends = (index: number, notAfter?: string): object => ({ thumbprintSha256: hash(index), ...(notAfter && { notAfter }) }); // prettier-ignore
    assert.deepEqual(viewOne({ pins: [ends(1, '2027-03-01T00:00:00Z'), ends(2, '2028-03-01T00:00:00Z')] }).overlaps, [
      { from: '2027-02-12T00:00:00Z', until: '2027-03-01T00:00:00Z' },
    ]);
    const endless = viewOne({ pins: [ends(1), ends(2)] });
    assert.deepEqual([endless.overlaps, endless.gaps], [[], []]);
  });

  it('ends with the identity, whatever its pins say, and ignores what is disabled or denied', () => {
    const ended = viewOne({ expiresAt: '2027-03-01T00:00:00Z', pins: [next, { ...one, enabled: false }] });
    assert.deepEqual(ended.gaps, [{ from: '2027-03-01T00:00:00Z', until: null, isSoon: true }]);
    assert.deepEqual(
      ended.windows.map(({ state }) => state),
      ['ending', 'disabled'],
    );
    assert.deepEqual(ended.overlaps, []);
    const dead = viewOne({ expiresAt: '2026-12-01T00:00:00Z', pins: [next] });
    assert.equal(dead.windows[0]?.state, 'disabled');
    const denied = view([{ name: 'a', roles: [], pins: [one] }], {
      document: { denied: [{ thumbprintSha256: hash(1), reason: 'stolen' }] },
    });
    assert.equal(denied.identities[0]?.windows[0]?.state, 'disabled');
    assert.deepEqual(denied.denied, [{ label: hash(1), reason: 'stolen' }]);
    const off = viewOne({ enabled: false, pins: [next] });
    assert.deepEqual([off.windows[0]?.state, off.gaps], ['disabled', []]);
  });

  it('has a gap between two windows, but none for a window that is over', () => {
    const later = { thumbprintSha256: hash(3), notBefore: '2027-06-01T00:00:00Z' };
    const earlier = { thumbprintSha256: hash(4), notAfter: '2025-01-01T00:00:00Z' };
    assert.deepEqual(viewOne({ pins: [earlier, one, later] }).gaps, [
      { from: '2027-02-20T00:00:00Z', until: '2027-06-01T00:00:00Z', isSoon: true },
    ]);
  });

  it('has ends that are soon by the rule of `trust check`', () => {
    // Both pins have the same end. By their beginnings, the rule warns about only one of them.
    const pins = ['2027-01-15', '2026-01-01'].map((begin, index) => ({
      thumbprintSha256: hash(index + 1),
      notBefore: `${begin}T00:00:00Z`,
      notAfter: '2027-03-13T00:00:00Z',
    }));
    for (const pin of pins) {
      const { identities, warnings } = view([{ name: 'billing', roles: [], pins: [pin] }]);
      const isWarned = warnings.some(({ code }) => code === 'pin_ends_soon');
      assert.equal(identities[0]?.windows[0]?.state, isWarned ? 'ending' : 'valid');
      assert.equal(identities[0].gaps[0]?.isSoon, isWarned);
    }
  });

  it('has no gap inside a window, and no window after its last gap, for any pins', () => {
    const day = fc.integer({ min: 1, max: 28 }).map((number) => `2027-02-${String(number).padStart(2, '0')}T00:00:00Z`);
    const pin = fc
      .record({ notBefore: day, notAfter: day, enabled: fc.boolean() }, { requiredKeys: [] })
      .filter(({ notBefore = '', notAfter = '9' }) => notBefore < notAfter);
    fc.assert(
      fc.property(fc.array(pin, { maxLength: 5 }), fc.option(day), (pins, expiresAt) => {
        const { windows, gaps, overlaps } = viewOne({
          ...(expiresAt !== null && { expiresAt }),
          pins: pins.map((each, index) => ({ thumbprintSha256: hash(index + 1), ...each })),
        });
        const open = windows.filter(({ state }) => state !== 'disabled');
        const isOpen = (moment: string): boolean =>
          open.some(({ from, until }) => (from ?? '') <= moment && moment < (until ?? '9'));
        for (const { from, until } of gaps) {
          assert.ok(!isOpen(from));
          assert.ok(open.some((each) => each.until === from));
          assert.ok(until === null ? open.every((each) => (each.until ?? '9') <= from) : isOpen(until));
        }
        const isEndless = open.some(({ until }) => until === null);
        assert.equal(gaps.at(-1)?.until === null, open.length > 0 && !isEndless);
        for (const { from, until } of overlaps) {
          assert.ok(from < until);
          assert.ok(open.filter((each) => (each.from ?? '') <= from && from < (each.until ?? '9')).length >= 2);
        }
      }),
    );
  });
});

describe('warnings', () => {
  it('propose another certificate during a grace period, and to remove the grace period after it', () => {
    const propose = (until: string): string | null | undefined => {
      const grace = { since: '2026-12-01T00:00:00Z', until, reason: 'their CA' };
      const pin = { thumbprintSha256: hash(4), notAfter: '2028-02-20T00:00:00Z', acceptWithoutClientAuth: grace };
      const { warnings } = view([{ name: 'partner', roles: [], pins: [pin] }]);
      return warnings.find(({ code }) => code === 'pin_accepts_without_client_auth')?.command;
    };
    assert.match(propose('2027-02-20T00:00:00Z') ?? '', / trust rotate partner /);
    assert.match(
      propose('2027-02-10T00:00:00Z') ?? '',
      / trust set partner --pin 0404\w* --accept-without-client-auth-until none /,
    );
  });

  it('are the findings of `trust check` except those for information, each with a command that the tool knows', () => {
    const { warnings } = view([
      { name: '--odd name', roles: [], pins: [{ thumbprintSha256: hash(3), notAfter: '2027-02-20T00:00:00Z' }] },
      { name: 'old', roles: [], pins: [{ thumbprintSha1: 'C3'.repeat(20) }] },
      { name: 'gone', roles: [], expiresAt: '2027-01-01T00:00:00Z' },
    ]);
    const commands = new Map(warnings.map(({ code, subject, command }) => [`${code} ${subject}`, command]));
    assert.deepEqual(
      commands,
      new Map([
        [
          'identity_ended gone',
          'npx --no-install certgate trust add gone --to-existing --expires-at 2027-05-13T00:00:00Z --reason identity_ended --store file:trust.json',
        ],
        [
          'pin_ends_soon --odd name',
          'npx --no-install certgate trust rotate --certificate new.crt.pem --overlap 14d --reason pin_ends_soon --store file:trust.json -- "--odd name"',
        ],
        [
          'pin_sha1 old',
          'npx --no-install certgate trust add old --to-existing --certificate new.crt.pem --reason pin_sha1 --store file:trust.json',
        ],
      ]),
    );
  });
});

describe('with authorities and certificates at hand', () => {
  const folder = createTemporaryFolder();
  let root: string;
  const now = Date.now() + 60_000;

  before(() => {
    root = folder.file('root.pem');
    const key = folder.file('root.key');
    const ca = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
    runOpenssl(['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-subj', '/CN=Corp', '-days', '3650', '-out', root, ...ca]); // prettier-ignore
    execFileSync('mkdir', [folder.file('crt')]);
    const leaf = (issuer: readonly string[], name: string): void => {
      runOpenssl(['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', folder.file('leaf.key'), '-subj', '/CN=leaf', '-days', '90', '-out', folder.file(`crt/${name}.pem`), '-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'subjectAltName=DNS:billing.corp.example', ...issuer]); // prettier-ignore
    };
    leaf(['-CA', root, '-CAkey', key], 'issued');
    // Another CA of the same name signed this certificate.
    const other = makeOpensslPair(folder, 'Corp');
    leaf(['-CA', other.certificate, '-CAkey', other.key], 'lookalike');
    execFileSync('cp', [makeOpensslPair(folder, 'pinned').certificate, folder.file('crt/pinned.pem')]);
  });
  after(() => {
    folder.remove();
  });

  it('windows come from pinned certificates, from issued ones with a valid signature, and from names', async () => {
    const pinned = new X509Certificate(readFileSync(folder.file('crt/pinned.pem')));
    const thumbprintSha256 = pinned.fingerprint256.replaceAll(':', '');
    const { identities, authorities } = view(
      [
        { name: 'billing', roles: [], names: [{ issuedBy: 'corp', dns: 'billing.corp.example' }] },
        { name: 'pinned', roles: [], pins: [{ thumbprintSha256 }] },
      ],
      {
        document: { authorities: [{ name: 'corp', trustAnchors: [readFileSync(root, 'utf8')] }] },
        folder: await readCertificateFolder(folder.file('crt'), now),
        at: now,
      },
    );
    const anchor = new X509Certificate(readFileSync(root));
    const issued = new X509Certificate(readFileSync(folder.file('crt/issued.pem')));
    const iso = (text: string): string => new Date(text).toISOString().replace('.000', '');
    assert.deepEqual(
      identities[0]?.windows.map(({ kind, label, thumbprint, until }) => [kind, label, thumbprint, until]),
      [
        ['issued', 'CN=leaf', issued.fingerprint256.replaceAll(':', ''), iso(issued.validTo)],
        ['name', 'dns billing.corp.example', null, iso(anchor.validTo)],
      ],
    );
    const [window] = identities[1]?.windows ?? [];
    assert.deepEqual([window?.from, window?.until], [iso(pinned.validFrom), iso(pinned.validTo)]);
    assert.deepEqual(authorities[0]?.vouchesFor, [{ identity: 'billing', name: 'dns billing.corp.example' }]);
    assert.deepEqual(
      authorities[0].windows.map(({ kind, label }) => [kind, label]),
      [['anchor', 'CN=Corp']],
    );
  });
});
