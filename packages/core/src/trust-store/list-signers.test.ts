import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  type CrlWriting,
  extension,
  writeCertificate,
  writeCrl,
  type WrittenName,
} from '@certgate/x509/test-support/certificate-writing.js';
import { now } from '@certgate/x509/test-support/certificates.js';
import { encodeElement } from '@certgate/x509/test-support/der-editing.js';
import { sequence, tagged } from '@certgate/x509/test-support/der-writing.js';
import {
  authorityExtensions,
  clientExtensions,
  extensions,
  generalNames,
} from '@certgate/x509/test-support/extension-writing.js';
import { until } from '@certgate/x509/test-support/until.js';
import { newName, readWritten } from '@certgate/x509/test-support/written-path.js';
import { decodePathCertificate } from '@certgate/x509/path';
import { AccessGate } from '../access/access-gate.js';
import { RevocationLog, type RevocationLogLine } from '../log/revocation-log.js';
import { billing, issuedDocument } from '../test-support/authority-stage.js';
import { toPem } from '../test-support/authority-certificates.js';
import { StubBlob } from '../test-support/revocation-stage.js';
import { ManualClock, ScriptedSource, settle } from '../test-support/scripted-source.js';
import { nameProcess } from '../log/process-id.js';
import { trustStoreFromDocument } from './document-store.js';
import { firstOf } from './first-of.js';
import { RefreshingTrustStore } from './refreshing-store.js';
import type { TrustStore } from './trust-store.js';

// A gate with revocation lists whose signer did not issue the caller's certificate.
const day = 86_400_000;
const serialNumber = 0x1234;
const [root, issuing, lister] = [newName('Root'), newName('Issuing CA'), newName('List CA')];
const secondKey: WrittenName = { name: issuing.name, key: newName('x').key };
const numberOf = { lister: 0x14, secondKey: 0x13 } as const;
const writeSub = (subject: WrittenName, serial: number, notAfter = now + 900 * day): Buffer => {
  const of = authorityExtensions(subject.key, root.key);
  return writeCertificate({ subject, issuer: root, serialNumber: serial, extensions: of, notAfter });
};
const anchor = writeCertificate({ subject: root, extensions: authorityExtensions(root.key, root.key) });
/** Both CA certificates end two days after `now`. */
const endingLister = writeSub(lister, numberOf.lister, now + 2 * day);
const endingSecondKey = writeSub(secondKey, numberOf.secondKey, now + 2 * day);
const intermediates = [writeSub(issuing, 0x11), endingLister, endingSecondKey];
const caller = writeCertificate({
  subject: newName('billing'),
  issuer: issuing,
  serialNumber,
  extensions: [
    ...clientExtensions(issuing.key, extensions.subjectAlternativeName(generalNames.dns('billing.corp.example'))),
    extension('2.5.29.31', false, sequence(sequence(tagged(2, generalNames.directory(lister.name))))),
  ],
});

const always = { thisUpdate: now - day, nextUpdate: now + 90 * day };
const isIndirect = [extension('2.5.29.28', true, sequence(encodeElement(0x84, Buffer.from([0xff]))))];
const byLister = (crlNumber: number, reason?: number, more: Partial<CrlWriting> = {}): Buffer =>
  writeCrl({
    issuer: lister,
    crlNumber,
    revoked: reason === undefined ? [] : [{ serialNumber, reason, certificateIssuer: issuing.name }],
    extensions: isIndirect,
    ...always,
    thisUpdate: always.thisUpdate + crlNumber * 1000,
    ...more,
  });
const bySecondKey = (crlNumber: number, reason?: number): Buffer =>
  writeCrl({
    issuer: secondKey,
    crlNumber,
    revoked: reason === undefined ? [] : [{ serialNumber, reason }],
    ...always,
    thisUpdate: always.thisUpdate + crlNumber * 1000,
  });
const byRoot = (...revoked: NonNullable<CrlWriting['revoked']>): Buffer =>
  writeCrl({ issuer: root, revoked, ...always });
const [keyCompromise, superseded, hold] = [1, 4, 6] as const;

const corp = {
  name: 'corp',
  trustAnchors: [toPem(anchor)],
  intermediates: intermediates.map((der) => toPem(der)),
};

interface GateStage {
  readonly ask: () => Promise<string>;
  /** Gives the store a list, or the same list as before if there is no argument, and lets it read. */
  readonly publish: (content?: Buffer) => Promise<void>;
  readonly replaceDocument: (more: object) => Promise<void>;
  readonly pass: (milliseconds: number) => Promise<void>;
  readonly store: RefreshingTrustStore;
  readonly listLines: () => readonly RevocationLogLine[];
}

async function createGate(
  list: Buffer,
  ofRoot: Buffer = byRoot(),
  mode = 'when-available',
  compose: (store: TrustStore) => TrustStore = (store) => store,
): Promise<GateStage> {
  const document = new ScriptedSource();
  const clock = new ManualClock(now);
  const { wall, monotonic } = clock;
  const blob = new StubBlob(list);
  const crlBlobs = { corp: [blob, new StubBlob(ofRoot, 'root.crl')] };
  const store = new RefreshingTrustStore(document, { crlBlobs }, { wall, monotonic, random: () => 0 });
  const gate = new AccessGate({ trustStore: compose(store) }, clock);
  const log = new RevocationLog();
  const authority = { ...corp, revocation: { mode, scope: 'end-entity' } };
  let revision = 0;
  const write = (more: object = {}): string => {
    revision += 1;
    return JSON.stringify(issuedDocument([billing], { authorities: [authority], revision, ...more }));
  };
  const refresh = async (content?: string): Promise<void> => {
    clock.pass(30_001);
    assert.ok(store.version !== undefined);
    await settle();
    await (content === undefined ? document.answerUnchanged() : document.answer(content));
    await settle();
  };
  const started = store.start();
  await document.answer(write());
  await started;
  const ask = async (): Promise<string> => {
    const requirement = { functionName: 'Orders', roles: [] };
    const decision = await gate.decide(caller.toString('base64'), requirement, clock.wall());
    return decision.outcome === 'denied' ? decision.code : decision.outcome;
  };
  return {
    store,
    ask,
    publish: async (content) => {
      const before = store.version;
      if (content !== undefined) blob.content = content;
      await refresh();
      if (content !== undefined) await until(() => store.version !== before);
      await settle();
    },
    replaceDocument: async (more) => {
      await refresh(write(more));
      await until(() => store.report().revision === revision);
    },
    pass: async (milliseconds) => {
      clock.pass(milliseconds);
      // More than two intervals have passed, so the call waits for the document and the lists.
      const asked = ask();
      await settle();
      await document.answerUnchanged();
      await asked;
    },
    listLines: () => {
      const lines: RevocationLogLine[] = [];
      const warn = (line: string): void => void lines.push(JSON.parse(line) as RevocationLogLine);
      const context = { functionName: 'F', invocationId: 'id', log: () => assert.fail(), warn };
      log.note(context, store.report(), clock.wall());
      return lines;
    },
  };
}

describe('a revocation by a list whose signer', () => {
  const lists = {
    'publishes an indirect list': byLister(5, keyCompromise),
    'is a second key of the CA': bySecondKey(5, superseded),
  };
  for (const [who, list] of Object.entries(lists)) {
    test(`${who} outlives the signer's certificate`, async () => {
      const { ask, pass } = await createGate(list);
      assert.equal(await ask(), 'certificate_revoked');
      await pass(3 * day);
      assert.equal(await ask(), 'certificate_revoked');
    });
    for (const reason of [superseded, keyCompromise]) {
      test(`${who} outlives the signer's revocation for reason ${reason}`, async () => {
        const revoked = Object.values(numberOf).map((each) => ({ serialNumber: each, reason }));
        for (const mode of ['when-available', 'required']) {
          const { ask } = await createGate(list, byRoot(...revoked), mode);
          assert.equal(await ask(), 'certificate_revoked');
        }
      });
    }
  }

  test('had already ended when it signed is not used', async () => {
    const late = byLister(5, keyCompromise, { thisUpdate: now + 2 * day + 1000 });
    const { ask, pass } = await createGate(late);
    // A list from the future is used as long as its signer has a valid path now.
    assert.equal(await ask(), 'certificate_revoked');
    await pass(3 * day);
    assert.equal(await ask(), 'allowed');
  });
});

describe('a newer list that leaves the caller out', () => {
  const thumbprintOf = (der: Buffer): string => readWritten(decodePathCertificate, der).thumbprintSha256;
  const denied = [{ thumbprintSha256: thumbprintOf(endingLister) }];
  const unfit: Readonly<Record<string, (gate: GateStage) => Promise<void>>> = {
    'has ended': ({ pass }) => pass(3 * day),
    'is denied': ({ replaceDocument }) => replaceDocument({ denied }),
  };
  for (const [why, prepare] of Object.entries(unfit)) {
    test(`readmits nobody if its signer ${why}`, async () => {
      for (const reason of [keyCompromise, hold]) {
        const gate = await createGate(byLister(5, reason));
        assert.equal(await gate.ask(), 'certificate_revoked');
        await prepare(gate);
        await gate.publish(byLister(6));
        assert.equal(await gate.ask(), 'certificate_revoked');
        assert.match(
          gate.store.report().revocationFault ?? '',
          /no certificate of the key that signed it is valid now/,
        );
        assert.deepEqual(gate.listLines(), []);
      }
    });
  }
  test('readmits nobody if an older list is known that revokes its signer', async () => {
    const gate = await createGate(byLister(5, keyCompromise), byRoot(numberOf.lister));
    await gate.publish(byLister(6));
    assert.equal(await gate.ask(), 'certificate_revoked');
  });
  test('readmits nobody if a list of the document revokes its signer, after the document renamed the authority', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'certgate-'));
    t.after(() => {
      rmSync(folder, { recursive: true });
    });
    const path = join(folder, 'root.crl');
    writeFileSync(path, byRoot(numberOf.lister));
    const gate = await createGate(byLister(5, keyCompromise));
    const revocation = { mode: 'when-available', scope: 'end-entity', crls: [`file:${path}`] };
    const names = [{ issuedBy: 'corporate', dns: 'billing.corp.example' }];
    await gate.replaceDocument({
      authorities: [{ ...corp, name: 'corporate', revocation }],
      identities: [{ ...billing, roles: [], names }],
    });
    await until(() => gate.store.report().revocationLists?.some(({ source }) => source?.includes(path)) === true);
    assert.equal(await gate.ask(), 'certificate_revoked');
    await gate.publish(byLister(6));
    assert.equal(await gate.ask(), 'certificate_revoked');
  });
  test('admits nobody while its signer is denied, and admits the caller afterwards', async () => {
    const gate = await createGate(byLister(6), byRoot(), 'required');
    assert.equal(await gate.ask(), 'allowed');
    await gate.replaceDocument({ denied });
    assert.equal(await gate.ask(), 'revocation_unavailable');
    await gate.replaceDocument({});
    assert.equal(await gate.ask(), 'allowed');
  });
  test('readmits the caller, and one log line names the caller', async () => {
    const gate = await createGate(byLister(5, keyCompromise));
    assert.equal(await gate.ask(), 'certificate_revoked');
    await gate.publish(byLister(6));
    assert.equal(await gate.ask(), 'allowed');
    const [line, ...others] = gate.listLines();
    assert.deepEqual(others, []);
    assert.ok(line !== undefined);
    const { time, detail, ...rest } = line;
    assert.ok(Date.parse(time) > now);
    const source = 'blob https://account.blob.core.windows.net/trust/corp.crl';
    assert.deepEqual(rest, {
      certgate: 1,
      process: nameProcess(),
      event: 'revocation',
      code: 'revocation_withdrawn',
      authority: 'corp',
      subject: 'CN=billing',
      serialNumber: '1234',
      thumbprintSha256: thumbprintOf(caller),
      list: {
        issuer: 'CN=List CA',
        number: '6',
        source,
        end: new Date(always.nextUpdate).toISOString().replace('.000', ''),
      },
    });
    assert.match(
      detail,
      /^The CRL 6 of "CN=List CA".* no longer names "CN=billing".*trust deny --issued-by "corp" --serial 1234/,
    );
    await gate.publish();
    assert.deepEqual(gate.listLines(), []);
    // An older list revokes the caller again, and a newer list takes that back again.
    await gate.publish(byLister(4, superseded));
    assert.equal(await gate.ask(), 'certificate_revoked');
    assert.match(gate.store.report().revocationFault ?? '', /older than the list in use/);
    await gate.publish(byLister(7));
    assert.equal(await gate.ask(), 'allowed');
    assert.equal(gate.listLines().length, 1);
  });
  test('is not logged for a caller on hold, nor for one whom the instance has not refused', async () => {
    const held = await createGate(byLister(5, hold));
    assert.equal(await held.ask(), 'certificate_revoked');
    const unseen = await createGate(byLister(5, keyCompromise));
    for (const gate of [held, unseen]) {
      await gate.publish(byLister(6));
      assert.equal(await gate.ask(), 'allowed');
      assert.deepEqual(gate.listLines(), []);
    }
  });
});

describe('a signer on the deny list of another store of firstOf', () => {
  const entries = [
    { thumbprintSha256: readWritten(decodePathCertificate, endingLister).thumbprintSha256 },
    { issuedBy: 'corp', serialNumber: '14' },
  ];
  const compositions: readonly ((store: TrustStore, denying: TrustStore) => TrustStore)[] = [
    (store, denying) => firstOf(store, denying),
    (store, denying) => firstOf(denying, store),
    (store, denying) => firstOf(firstOf(store), firstOf(firstOf(denying))),
  ];
  test('is treated as in one document with both', async () => {
    for (const mode of ['when-available', 'required']) {
      for (const entry of entries) {
        const more = { denied: [entry] };
        const denying = trustStoreFromDocument(issuedDocument([], { authorities: [corp], ...more }));
        const ask = async (compose?: (store: TrustStore) => TrustStore): Promise<readonly string[]> => {
          const answers: string[] = [];
          for (const first of [byLister(5, keyCompromise), byLister(5, hold), byLister(5)]) {
            const gate = await createGate(first, byRoot(), mode, compose);
            if (compose === undefined) await gate.replaceDocument(more);
            answers.push(await gate.ask());
            await gate.publish(byLister(6));
            answers.push(await gate.ask());
          }
          return answers;
        };
        const ofOne = await ask();
        const unknown = mode === 'required' ? 'revocation_unavailable' : 'allowed';
        assert.deepEqual(ofOne, [...Array<string>(4).fill('certificate_revoked'), unknown, unknown]);
        for (const compose of compositions) assert.deepEqual(await ask((store) => compose(store, denying)), ofOne);
      }
    }
  });
});
