import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, mock } from 'node:test';
import type { TrustDocument } from '@certgate/core/internal';
import { createTemporaryFolder, makeOpensslPair, runOpenssl } from '../../certificates/test-support/openssl.js';
import { line, TrustStage } from './test-support/trust-stage.js';

function isSnapshot(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'identities' in value && 'pins' in value;
}

// The life of a document. The tests run the real command line, and each continues with the document that the one before
// it left.
describe('certgate trust, from the first caller to the last', () => {
  const stage = new TrustStage();
  const certificates = createTemporaryFolder();
  let billing: string;
  let renewed: string;

  before(() => {
    billing = makeOpensslPair(certificates, 'billing').certificate;
    renewed = makeOpensslPair(certificates, 'renewed', 'rsa').certificate;
  });
  after(() => {
    stage.remove();
    certificates.remove();
  });

  const revision = (): number => stage.read().revision;

  it('init makes a document that admits nobody, and only once', async () => {
    assert.match(await stage.expect('init', '--reason', 'first callers'), /admits nobody/);
    assert.deepEqual(stage.read(), { schemaVersion: 1, revision: 1, identities: [] });
    await stage.refuse(/already a trust document.*Nothing was written/, 'init', '--reason', 'again');
  });

  it('add pins a certificate until its own end', async () => {
    const said = await stage.expect(
      'add', 'billing', '--certificate', billing, '--role', 'orders.read', '--owner', 'payments', '--reason', 'invoices',
    ); // prettier-ignore
    assert.match(said, /\+ "billing" is new, with the role orders\.read/);
    assert.match(said, /Revision 1 → 2/);
    const [identity] = stage.read().identities;
    const fingerprint = runOpenssl(['x509', '-in', billing, '-noout', '-fingerprint', '-sha256']);
    const end = runOpenssl(['x509', '-in', billing, '-noout', '-enddate', '-dateopt', 'iso_8601']);
    assert.deepEqual(identity, {
      name: 'billing',
      roles: ['orders.read'],
      owner: 'payments',
      reason: 'invoices',
      pins: [
        {
          thumbprintSha256: fingerprint.split('=')[1]?.trim().replaceAll(':', ''),
          notAfter: end.split('=')[1]?.trim().replace(' ', 'T'),
        },
      ],
    });
  });

  it('add validates a document three times: as it was, as it is formatted, and as apps will read it', async () => {
    const other = new TrustStage();
    try {
      await other.expect('init', '--reason', 'first callers');
      const add = ['add', 'billing', '--certificate', billing, '--reason', 'invoices'];
      // Each validation of a document builds one snapshot and freezes it, so the calls of Object.freeze are counted.
      const count = async (...args: readonly string[]): Promise<number> => {
        const freeze = mock.method(Object, 'freeze');
        try {
          await other.expect(...args);
          return freeze.mock.calls.filter(({ arguments: [value] }) => isSnapshot(value)).length;
        } finally {
          freeze.mock.restore();
        }
      };
      assert.equal(await count(...add), 3);
      assert.equal(await count('disable', 'billing', '--reason', 'asked'), 3);
      // Nothing changes, so nothing is written, and the document is validated only once.
      assert.equal(await count('disable', 'billing', '--reason', 'asked'), 1);
    } finally {
      other.remove();
    }
  });

  it('add names the verbs for an identity that exists', async () => {
    const verbs = /--to-existing.*\n.*certgate trust rotate billing --certificate FILE .* --store file:trust\.json$/m;
    await stage.refuse(verbs, 'add', 'BILLING', '--certificate', renewed, '--reason', 'x');
    await stage.refuse(/already pinned for "billing"/, 'add', 'other', '--certificate', billing, '--reason', 'x');
  });

  it('add refuses a placeholder as the name of a function', async () => {
    const words = /"\*" can't be used as the name of a function.*Without it/;
    await stage.refuse(words, 'add', 'other', '--certificate', renewed, '--function', '*', '--reason', 'x');
    await stage.refuse(words, 'add', 'billing', '--to-existing', '--function', '*', '--reason', 'x');
    assert.equal(revision(), 2);
  });

  it('add --to-existing gives more, and remove takes it away', async () => {
    const more = ['--role', 'orders.write', '--expires-at', '2099-01-01T00:00:00Z'];
    await stage.expect('add', 'billing', '--to-existing', ...more, '--reason', 'credit notes');
    assert.deepEqual(stage.read().identities[0]?.roles, ['orders.read', 'orders.write']);
    assert.equal(stage.read().identities[0]?.expiresAt, '2099-01-01T00:00:00Z');
    await stage.expect('remove', 'billing', '--role', 'orders.write', '--reason', 'no more');
    await stage.expect('add', 'billing', '--to-existing', '--expires-at', 'never', '--reason', 'stays');
    assert.deepEqual(stage.read().identities[0]?.roles, ['orders.read']);
    assert.equal(stage.read().identities[0]?.expiresAt, undefined);
  });

  it('rotate ends the old pin after the overlap; a dry run only says so', async () => {
    const args = ['rotate', 'billing', '--certificate', renewed, '--overlap', '14d', '--reason', 'yearly'];
    const before = revision();
    assert.match(await stage.expect(...args, '--dry-run'), /Not done, because of --dry-run/);
    assert.equal(revision(), before);
    const start = Date.now();
    const { oldPinsEnd } = JSON.parse(await stage.expect(...args, '--json')) as { oldPinsEnd: string };
    const [old, fresh] = stage.read().identities[0]?.pins ?? [];
    assert.equal(old?.notAfter, oldPinsEnd);
    const overlap = Date.parse(oldPinsEnd) - start;
    assert.ok(overlap >= 14 * 86_400_000 && overlap < 14 * 86_400_000 + 60_000, String(overlap));
    assert.ok(Date.parse(fresh?.notAfter ?? '') > Date.parse(oldPinsEnd));
  });

  it('list shows the state of all identities and of one', async () => {
    assert.match(await stage.expect('list'), /billing.*active.*orders\.read.*2 of 2.*payments/);
    const { identities } = JSON.parse(await stage.expect('list', '--json')) as { identities: readonly object[] };
    assert.equal(identities.length, 1);
    assert.match(await stage.expect('list', 'BILLING'), /thumbprintSha256 [0-9A-F]{64}, active, (?:from \S+ )?until/);
    assert.equal((await stage.run('list', 'nobody')).exitCode, 2);
  });

  it('disable and enable change an identity once', async () => {
    const said = await stage.expect('disable', 'billing', '--reason', 'key lost', '--refresh-interval', '5');
    assert.match(said, /- "billing" is disabled/);
    assert.match(said, /within 20 s/);
    assert.equal(stage.read().identities[0]?.enabled, false);
    const before = revision();
    await stage.expect('enable', 'billing', '--reason', 'found');
    assert.equal(stage.read().identities[0]?.enabled, undefined);
    assert.match(await stage.expect('enable', 'billing', '--reason', 'found'), /Nothing to change/);
    assert.equal(revision(), before + 1);
  });

  it('lock refuses everyone and leaves the identities alone; unlock removes the lock and nothing else', async () => {
    for (const name of ['blocked', 'kept-out']) {
      const pin = name === 'blocked' ? '1' : '2';
      await stage.expect('add', name, '--thumbprint-sha256', pin.repeat(64), '--reason', 'x');
    }
    await stage.expect('disable', 'blocked', '--reason', 'before the lock');
    const { identities } = stage.read();
    const { countsWithinSeconds, locked } = JSON.parse(
      await stage.expect('lock', '--reason', 'breach', '--by', 'ada', '--json'),
    ) as { countsWithinSeconds: number; locked: TrustDocument['locked'] };
    assert.equal(countsWithinSeconds, 70);
    assert.deepEqual(stage.read().locked, locked);
    assert.deepEqual([locked?.by, locked?.reason], ['ada', 'breach']);
    assert.deepEqual(stage.read().identities, identities);
    assert.match(await stage.expect('lock'), /Nothing to change/);
    for (const args of [['list'], ['list', 'billing']]) {
      assert.match(await stage.expect(...args), /LOCKED, so nobody is admitted: since .* by ada: breach/);
    }
    assert.match(await stage.expect('disable', 'kept-out', '--reason', 'it was this one'), /is locked: nobody/);
    const { disabled } = JSON.parse(await stage.expect('unlock', '--reason', 'dealt with', '--json')) as {
      disabled: readonly string[];
    };
    assert.deepEqual(disabled, ['blocked', 'kept-out']);
    const state = stage.read().identities.map(({ name, enabled }) => [name, enabled ?? true]);
    assert.deepEqual(state, [['billing', true], ['blocked', false], ['kept-out', false]]); // prettier-ignore
    assert.equal('locked' in stage.read(), false);
    await stage.refuse(/The document is not locked/, 'unlock', '--reason', 'again');
  });

  it('list shows when, by whom and why an identity or a pin was disabled last', async () => {
    const disable = ['disable', 'billing', '--by', 'ada'];
    await stage.expect(...disable, '--reason', 'first time');
    await stage.expect('enable', 'billing', '--reason', 'x');
    await stage.expect(...disable, '--reason', 'second time');
    assert.match(
      await stage.expect('list', 'Billing'),
      /disabled +\d{4}-\S+Z by ada: second time \(disable, according to the log/,
    );
    await stage.expect('enable', 'billing', '--reason', 'x');
    const pin = stage.read().identities[0]?.pins?.[0]?.thumbprintSha256 ?? '';
    await stage.expect(...disable, '--pin', pin.slice(0, 8), '--reason', 'only this one');
    const shown = JSON.parse(await stage.expect('list', 'billing', '--json')) as {
      disabled: null;
      pins: readonly { disabled: { by: string; reason: string } | null }[];
    };
    assert.equal(shown.disabled, null);
    assert.deepEqual(shown.pins.map((each) => each.disabled?.reason), ['only this one', undefined]); // prettier-ignore
    // After a change from outside, the log doesn't prove that its last line was carried out.
    const text = readFileSync(stage.path, 'utf8');
    writeFileSync(stage.path, `${text} `);
    assert.doesNotMatch(await stage.expect('list', 'billing'), /only this one/);
    writeFileSync(stage.path, text);
    await stage.expect('enable', 'billing', '--pin', pin.slice(0, 8), '--reason', 'x');
  });

  it('every write says when it takes effect', async () => {
    for (const words of [
      line`add late --thumbprint-sha256 ${'7'.repeat(64)}`,
      line`remove late`,
      line`deny ${'8'.repeat(64)}`,
      line`undeny ${'8'.repeat(64)}`,
    ]) {
      const said = await stage.expect(...words, ...line`--reason x --refresh-interval 5`);
      assert.match(said, /It takes effect within 20 s in every instance that reads the document every 5 s\./, words[0]);
    }
  });

  it('remove prints what it removed', async () => {
    const said = await stage.expect('remove', 'blocked', '--reason', 'contract ended');
    assert.match(said, /can't undo it\. It was: .*1{64}/);
    assert.deepEqual(stage.read().identities.map(({ name }) => name), ['billing', 'kept-out']); // prettier-ignore
  });

  it('log shows all changes, with who and why, and exports them', async () => {
    const { items: records } = JSON.parse(await stage.expect('log', '--json')) as {
      items: { kind: string; verb: string; revision: number }[];
    };
    assert.deepEqual(new Set(records.map(({ kind }) => kind)), new Set(['change']));
    assert.deepEqual(records.map((record) => record.revision), records.map((_, index) => index + 1)); // prettier-ignore
    assert.match(await stage.expect('log'), /^ {4}\+ "billing" is new/m);
    assert.match(
      await stage.expect('log'),
      /^ {4}- The pin .* of "billing" admits until .*\n {4}\+ "billing" has the pin/m,
    );
    assert.match(await stage.expect('log'), /rotate {2}by .*\n {4}yearly\n/);
    assert.match(await stage.expect('log', '--export', 'csv'), /^"kind","revision".*\r\n"change","1"/);
    await stage.refuse(
      /'json-lines' is invalid\. It must be csv\. For other programs: --json/,
      'log',
      '--export',
      'json-lines',
    );
  });

  it('log reports no outside change if two people made the same document', async () => {
    const path = `${stage.path}.log.jsonl`;
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    const again = JSON.stringify({ ...(JSON.parse(lines.at(-1) ?? '') as object), by: 'somebody else' });
    writeFileSync(path, `${[...lines, again].join('\n')}\n`);
    assert.match(await stage.expect('log'), /\(makes the same document as another line/);
  });
});

describe('certgate trust refuses', () => {
  const stage = new TrustStage();
  const certificates = createTemporaryFolder();
  after(() => {
    stage.remove();
    certificates.remove();
  });
  before(async () => {
    await stage.expect('init', '--reason', 'x');
  });

  it('an argument that does not fit, with the reason', async () => {
    const file = certificates.file('ca.crt');
    runOpenssl(['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', certificates.file('ca.key'), '-out', file, '-days', '1', '-subj', '/CN=ca']); // prettier-ignore
    const pin = '1'.repeat(64);
    for (const [words, args] of [
      [/--reason/, line`add a --thumbprint-sha256 ${pin}`],
      [/--reason is empty/, line`add a --thumbprint-sha256 ${pin} --reason ${' '}`],
      [/CA certificate/, line`add ca --certificate ${file} --reason x`],
      [/SHA-1/, line`add a --thumbprint-sha256 ${'1'.repeat(40)} --reason x`],
      [/needs an end/, line`add a --public-key-sha256 ${pin} --reason x`],
      [/exists/, line`add a --thumbprint-sha256 ${pin} --not-after 2027-02-30T00:00:00Z --reason x`],
      [/nobody can be this identity/, line`add a --reason x`],
      [/14d, 36h/, line`rotate a --overlap 14 --thumbprint-sha256 ${pin} --reason x`],
    ] as const)
      await stage.refuse(words, ...args);
    await stage.expect(...line`add ca --certificate ${file} --reason x --even-if-unfit --dry-run`);
  });
  it('a document that is not valid, and leaves it as it is', async () => {
    const text = readFileSync(stage.path, 'utf8');
    writeFileSync(stage.path, text.replace('"identities"', '"identites"'));
    await stage.refuse(/identites/, 'lock');
    writeFileSync(stage.path, text);
  });
});

describe('a signed trust document', () => {
  const stage = new TrustStage();
  const keys = createTemporaryFolder();
  after(() => {
    stage.remove();
    keys.remove();
  });

  const makeKey = (name: string, ...args: readonly string[]): { readonly key: string; readonly publicKey: string } => {
    const key = keys.file(`${name}.pem`);
    runOpenssl(['genpkey', ...args, '-out', key]);
    return { key, publicKey: runOpenssl(['pkey', '-in', key, '-pubout']) };
  };

  for (const [name, ...args] of [
    ['ed25519', '-algorithm', 'ed25519'],
    ['p256', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    ['p384', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  ] as const) {
    it(`is signed by ${name}, and openssl and a running app verify it`, async () => {
      const { key, publicKey } = makeKey(name, ...args);
      if (!existsSync(stage.path)) await stage.expect('init', '--reason', 'x');
      await stage.expect('sign', '--signing-key', key, '--reason', 'reviewed');
      assert.equal(await stage.verify(publicKey), 'fits');
      const signature = keys.file('signature', Buffer.from(readFileSync(`${stage.path}.sig`, 'utf8'), 'base64'));
      const publicFile = keys.file('public.pem', publicKey);
      const digest = ['dgst', name === 'p256' ? '-sha256' : '-sha384', '-verify', publicFile, '-signature', signature];
      const how =
        name === 'ed25519'
          ? ['pkeyutl', '-verify', '-rawin', '-pubin', '-inkey', publicFile, '-sigfile', signature, '-in', stage.path]
          : [...digest, stage.path];
      assert.match(runOpenssl(how), /Verif/);
    });
  }

  it('is signed again by every change that has the key, and a change without the key is refused', async () => {
    const { key, publicKey } = makeKey('again', '-algorithm', 'ed25519');
    const add = ['add', 'a', '--thumbprint-sha256', '1'.repeat(64), '--reason', 'x'];
    await stage.refuse(/is signed.*\n.*--unsigned/, ...add);
    await stage.expect('sign', '--signing-key', key, '--reason', 'reviewed');
    await stage.expect(...add, '--signing-key', key);
    assert.equal(await stage.verify(publicKey), 'fits');
  });

  it('is not signed by another change after something else changed it, or if nobody has signed it', async () => {
    const { key } = makeKey('honest', '-algorithm', 'ed25519');
    await stage.expect('sign', '--signing-key', key, '--reason', 'reviewed');
    const [text, signature] = [readFileSync(stage.path, 'utf8'), readFileSync(`${stage.path}.sig`, 'utf8')];
    const change = ['add', 'b', '--thumbprint-sha256', '2'.repeat(64), '--reason', 'x', '--signing-key', key];
    const document = JSON.parse(text) as { identities: object[] };
    document.identities.push({ name: 'intruder', roles: [], pins: [{ thumbprintSha256: '6'.repeat(64) }] });
    writeFileSync(stage.path, JSON.stringify(document));
    for (const args of [change, ['lock', '--signing-key', key], [...change, '--dry-run']]) {
      await stage.refuse(/signature does not match this key.*Nothing was written.*trust log.*trust sign/s, ...args);
    }
    assert.equal(stage.read().identities.length, document.identities.length);
    rmSync(`${stage.path}.sig`);
    await stage.refuse(/is not signed.*vouch for everything else/s, ...change);
    writeFileSync(stage.path, text);
    writeFileSync(`${stage.path}.sig`, signature);
    await stage.expect(...change);
  });

  it('may be signed by one of several keys if they are named', async () => {
    const [first, second] = [makeKey('first', '-algorithm', 'ed25519'), makeKey('second', '-algorithm', 'ed25519')];
    await stage.expect('sign', '--signing-key', first.key, '--reason', 'reviewed');
    const change = ['remove', 'b', '--reason', 'x', '--signing-key', second.key];
    await stage.refuse(/--signed-by/, ...change);
    const strange = keys.file('second.pub', second.publicKey);
    await stage.refuse(/does not match these keys/, ...change, '--signed-by', strange);
    await stage.refuse(/--signed-by can't be used/, ...change, '--signed-by', first.key);
    const alone = ['remove', 'b', '--reason', 'x', '--unsigned', '--signed-by', first.key];
    await stage.refuse(/requires --signing-key/, ...alone);
    await stage.expect(...change, '--signed-by', keys.file('first.pub', first.publicKey));
    assert.equal(await stage.verify(second.publicKey), 'fits');
    await stage.expect('lock', '--unsigned');
    assert.equal(existsSync(`${stage.path}.sig`), false);
  });

  it('is signed by an encrypted key, whose password comes from a file', async () => {
    const key = keys.file('encrypted.pem');
    runOpenssl(['genpkey', '-algorithm', 'ed25519', '-aes256', '-pass', 'pass:open', '-out', key]);
    const publicKey = runOpenssl(['pkey', '-in', key, '-passin', 'pass:open', '-pubout']);
    const sign = ['sign', '--signing-key', key, '--reason', 'x'];
    await stage.refuse(/--signing-key-password-file/, ...sign);
    const password = keys.file('password', 'open\n');
    await stage.expect(...sign, '--signing-key-password-file', password);
    assert.equal(await stage.verify(publicKey), 'fits');
    assert.equal((await stage.run(...sign, '--signing-key-password-file', keys.file('bad', 'no'))).exitCode, 2);
  });

  it('is signed only if it has the hash of the reviewed document, if such a hash is given', async () => {
    const { key, publicKey } = makeKey('reviewer', '-algorithm', 'ed25519');
    const looked = createHash('sha256').update(readFileSync(stage.path)).digest('hex');
    const sign = ['sign', '--signing-key', key, '--reason', 'reviewed', '--document-sha256', looked];
    const unseen = ['add', 'unseen', '--thumbprint-sha256', '7'.repeat(64), '--reason', 'x'];
    await stage.expect(...unseen, '--unsigned');
    await stage.refuse(/not the one with this hash/, ...sign);
    await stage.expect('remove', 'unseen', '--reason', 'x');
    const now = createHash('sha256').update(readFileSync(stage.path)).digest('hex');
    await stage.expect(...sign.slice(0, -1), now.toUpperCase());
    assert.equal(await stage.verify(publicKey), 'fits');
  });

  it('is not signed by a key of another kind', async () => {
    const { key } = makeKey('rsa', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048');
    await stage.refuse(/rsa.*can't sign documents/, 'sign', '--signing-key', key, '--reason', 'x');
  });

  it('has a log of all these changes', async () => {
    const { items } = JSON.parse(await stage.expect('log', '--json')) as { items: readonly { verb: string }[] };
    assert.deepEqual(new Set(items.map(({ verb }) => verb)), new Set(['init', 'sign', 'add', 'remove', 'lock']));
    assert.ok(existsSync(join(stage.folder, 'trust.json.log.jsonl')));
  });
});
