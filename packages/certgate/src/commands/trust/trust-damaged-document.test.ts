import assert from 'node:assert/strict';
import { linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { admitDocument, anyAudience, parseTrustDocument } from '@certgate/core/internal';
import { runOpenssl } from '../../certificates/test-support/openssl.js';
import { TrustStage } from './test-support/trust-stage.js';

describe('a document that is damaged, missing or of a newer version', () => {
  let stage: TrustStage;
  const reason = ['--reason', 'x'];
  const pin = (digit: string): readonly string[] => ['--thumbprint-sha256', digit.repeat(64)];
  const file = (name: string): string => join(stage.folder, name);
  const listKept = (): readonly string[] => readdirSync(stage.folder).filter((name) => name.includes('.damaged-'));

  /**
   * Makes earlier.json, with revision 2 and billing, and then revision 3 of the document, which denies a certificate.
   */
  const makeDocuments = async (...signing: readonly string[]): Promise<void> => {
    await stage.expect('init', ...reason, ...signing);
    await stage.expect('add', 'billing', ...pin('1'), ...reason, ...signing);
    writeFileSync(file('earlier.json'), readFileSync(stage.path));
    if (signing.length > 0) writeFileSync(file('earlier.json.sig'), readFileSync(`${stage.path}.sig`));
    await stage.expect('deny', '2'.repeat(64), ...reason, ...signing);
  };
  const newer = (): string => JSON.stringify({ ...stage.read(), schemaVersion: 9, quarantine: [] });
  const damages: Readonly<Record<string, () => string | Buffer>> = {
    'cut short': () => readFileSync(stage.path).subarray(0, 90),
    'no text': () => Buffer.from([0xff, 0xfe, 0x00]),
    empty: () => '',
    newer,
  };

  beforeEach(() => {
    stage = new TrustStage();
  });
  afterEach(() => {
    stage.remove();
  });

  for (const [what, damage] of Object.entries(damages)) {
    it(`${what}: lock and restore ask for the number, then replace the document and keep its bytes`, async () => {
      await makeDocuments();
      writeFileSync(stage.path, damage());
      const bytes = readFileSync(stage.path);
      for (const words of [['lock'], ['restore', 'earlier.json', ...reason]]) {
        await stage.refuse(
          /which is not signed, the last one is 3\. .*To replace it: .*certgate trust (?:lock|restore DOCUMENT) --revision 4 --reason REASON --store file:trust\.json $/,
          ...words,
        );
      }
      assert.deepEqual(readFileSync(stage.path), bytes);
      assert.match(await stage.expect('lock', '--revision', '4', '--dry-run'), /^Not done, because of --dry-run/);
      assert.deepEqual(readFileSync(stage.path), bytes);
      assert.deepEqual(listKept(), []);

      const said = await stage.expect('lock', '--revision', '4', '--reason', 'breach');
      assert.match(said, /^Revision \(unknown\) → 4, in file:trust\.json$/m);
      assert.match(said, /its deny list is empty: what the old one denied is no longer on it/);
      assert.match(said, /not signed: apps with `signedBy` refuse it/);
      const [kept = ''] = listKept();
      assert.ok(said.includes(`kept as it was: file:${kept}`), said);
      assert.deepEqual(readFileSync(file(kept)), bytes);
      const snapshot = parseTrustDocument(readFileSync(stage.path, 'utf8'));
      assert.deepEqual([snapshot.revision, snapshot.locked?.reason, snapshot.identities.length], [4, 'breach', 0]);

      // From here on, the document is an ordinary one.
      await stage.expect('restore', 'earlier.json', ...reason);
      await stage.expect('unlock', ...reason);
      assert.deepEqual([stage.read().revision, stage.read().identities[0]?.name], [6, 'billing']);
      const { exitCode, stdout } = await stage.run('log');
      assert.equal(exitCode, 1);
      assert.match(stdout, /CHANGED BY SOMETHING OTHER THAN THIS TOOL/);
    });
  }

  it('is replaced by restore, which says which refusals are lost', async () => {
    await makeDocuments();
    await stage.expect('lock');
    writeFileSync(stage.path, newer());
    const bytes = readFileSync(stage.path);
    for (const words of [
      ['restore', 'earlier.json', '--revision', '4'],
      ['lock', '--revision', '3'],
    ]) {
      await stage.refuse(
        /log of changes has a revision 4: apps that have read it refuse [34]\. Nothing was written.*--revision 5/,
        ...words,
        ...reason,
      );
    }
    assert.deepEqual(readFileSync(stage.path), bytes);
    const said = await stage.expect('restore', 'earlier.json', '--revision', '5', ...reason);
    assert.match(said, /^ {2}\+ "billing" is new/m);
    assert.match(said, /was locked\. The new one is not/);
    assert.match(said, /denied certificates \(1\)/);
    assert.deepEqual([stage.read().revision, stage.read().locked, stage.read().denied], [5, undefined, undefined]);
    writeFileSync(stage.path, '{');
    assert.match(
      await stage.expect('restore', 'earlier.json', '--revision', '9', ...reason),
      /If the document was locked, denied certificates or disabled callers, that is lost/,
    );
    rmSync(stage.path);
    const missing = await stage.expect('restore', 'earlier.json', '--revision', '10', ...reason);
    assert.doesNotMatch(missing, /kept as it was/);
    assert.equal(stage.read().revision, 10);
  });

  it('restore enables an identity that an invalid document disables only if the user names it', async () => {
    await makeDocuments();
    const [{ pins = [] } = {}] = stage.read().identities;
    for (const disabled of [
      { enabled: false },
      { name: 'moved', enabled: false },
      { pins: [{ thumbprintSha256: 7 }, ...pins.map((each) => ({ ...each, enabled: false }))] },
    ]) {
      const identities = [7, { name: 'billing', pins, ...disabled }];
      writeFileSync(stage.path, JSON.stringify({ ...stage.read(), schemaVersion: 9, identities }));
      const words = ['restore', 'earlier.json', '--revision', '9', ...reason];
      await stage.refuse(
        /enables what is disabled now: .*"billing"\. Nothing was written.*--re-enable billing/,
        ...words,
      );
      await stage.expect(...words, '--re-enable', 'billing', '--dry-run');
    }
  });

  it('stays under another name of its file, and every change says so', async () => {
    await makeDocuments();
    linkSync(stage.path, file('app.json'));
    const warning =
      /^The file has another name \(a hard link\), which keeps the old document: only apps that read file:trust\.json see/m;
    assert.match(await stage.expect('lock'), warning);
    assert.doesNotMatch(await stage.expect('unlock', ...reason), warning);
    writeFileSync(stage.path, '{');
    linkSync(stage.path, file('app2.json'));
    assert.match(await stage.expect('restore', 'earlier.json', '--revision', '9', ...reason), warning);
    assert.equal(readFileSync(file('app2.json'), 'utf8'), '{');
  });

  it('gets a revision above that of an earlier document that was copied back, and room remains above it', async () => {
    await makeDocuments();
    writeFileSync(stage.path, readFileSync(file('earlier.json')));
    await stage.refuse(/apps that have read it refuse 3\..*--revision 4/, 'lock', '--revision', '3');
    await stage.expect('restore', 'file:trust.json', '--revision', '8', ...reason);
    assert.equal(stage.read().revision, 8);
    await stage.expect('lock', '--revision', '12');
    assert.deepEqual([stage.read().revision, stage.read().locked?.by !== undefined], [12, true]);
    const text = readFileSync(stage.path, 'utf8');
    for (const words of [
      ['lock', '--revision', '12'],
      ['restore', 'earlier.json', '--revision', '9', ...reason],
    ]) {
      await stage.refuse(/The document has revision 12, not below (?:12|9)\. Nothing was written/, ...words);
    }
    assert.equal(readFileSync(stage.path, 'utf8'), text);
    writeFileSync(stage.path, '{');
    for (const revision of [String(2 ** 53 - 1), String(2 ** 53 - 1_000_000), '0', '1.5', '-1', 'x']) {
      await stage.refuse(/revision/, 'lock', '--revision', revision);
    }
    // A log line with such a number must not become advice.
    const line = readFileSync(`${stage.path}.log.jsonl`, 'utf8').split('\n')[0] ?? '';
    writeFileSync(
      `${stage.path}.log.jsonl`,
      `${JSON.stringify({ ...(JSON.parse(line) as object), revision: 2 ** 53 - 1 })}\n`,
    );
    assert.match(
      (await stage.run('lock')).stderr.replaceAll(/\s+/g, ' '),
      /The log of changes has no number that can be continued/,
    );
    assert.deepEqual(listKept(), []);
  });

  it('gives nothing to the new document if there is a key, and what is written is signed', async () => {
    const key = file('signing.key.pem');
    runOpenssl(['genpkey', '-algorithm', 'ED25519', '-out', key]);
    const signing = ['--signing-key', key];
    const signedBy = runOpenssl(['pkey', '-in', key, '-pubout']);
    await makeDocuments(...signing);
    const isTaken = async (): Promise<string> => {
      const stored = { bytes: readFileSync(stage.path), signature: readFileSync(`${stage.path}.sig`, 'utf8').trim() };
      return (await admitDocument(stored, { audience: anyAudience, signedBy: [signedBy] })).outcome;
    };
    // A valid document that somebody else wrote.
    writeFileSync(stage.path, JSON.stringify({ ...stage.read(), identities: [] }));
    await stage.refuse(/signature does not match this key.*--revision 4/, 'lock', ...signing);
    await stage.refuse(/The document is signed/, 'restore', 'earlier.json', '--revision', '4', ...reason);
    writeFileSync(stage.path, '{');
    await stage.refuse(/The document is signed/, 'lock', '--revision', '4');
    const locked = await stage.expect('lock', '--revision', '4', ...signing);
    assert.doesNotMatch(locked, /not signed/);
    assert.equal(await isTaken(), 'taken');
    assert.equal(listKept().length, 2);
    await stage.expect('restore', 'earlier.json', ...reason, ...signing);
    writeFileSync(stage.path, JSON.stringify({ ...stage.read(), identities: [] }));
    await stage.expect('restore', 'earlier.json', '--revision', '7', ...reason, ...signing);
    assert.deepEqual([await isTaken(), stage.read().revision, stage.read().identities.length], ['taken', 7, 1]);
    // The same bytes as before, but stored with another signature: both signatures are kept.
    const keptBefore = listKept();
    writeFileSync(stage.path, '{');
    await stage.expect('lock', '--revision', '8', ...signing);
    assert.equal(await isTaken(), 'taken');
    assert.deepEqual(listKept().filter((name) => !keptBefore.includes(name)).length, 2);
  });
});
