import assert from 'node:assert/strict';
import { createPublicKey, sign as signBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, mock } from 'node:test';
import { formatTrustDocument, verifyDocumentSignature, type TrustDocument } from '@certgate/core/internal';
import { Command, CommanderError } from 'commander';
import fc from 'fast-check';
import { createTemporaryFolder, runOpenssl } from '../../certificates/test-support/openssl.js';
import { ToolFailure } from '#local/tool-failure.js';
import { hashDocument } from '../../trust/administration/load-trust-document.js';
import { exitCodeOf } from '../command-line/exit-codes.js';
import { fillCommand } from '../command-line/verb.js';
import { trustVerbs } from './trust-verbs.js';

// With a signing key, the next document must depend only on the signed document and on the operator's words, and on
// nothing else that is stored. The test runs the real verbs in this process, because a new process for each would take
// much longer.

const pin = (digit: string): string => digit.repeat(64);
const folder = createTemporaryFolder();
after(() => {
  folder.remove();
});
const keyFile = folder.file('signing.pem', runOpenssl(['genpkey', '-algorithm', 'ed25519']));
const strangerFile = folder.file('stranger.pem', runOpenssl(['genpkey', '-algorithm', 'ed25519']));
const publicKey = createPublicKey(readFileSync(keyFile)).export({ type: 'spki', format: 'pem' }).toString();
const sign = (text: string, file = keyFile): string =>
  signBytes(null, Buffer.from(text), readFileSync(file)).toString('base64');

/** Runs a verb like the command line does. Returns its exit code. */
async function runVerb(path: string, args: readonly string[]): Promise<number> {
  const command = new Command('trust');
  fillCommand(command, trustVerbs);
  throwInPlaceOfExit(command);
  const { exitCode } = process;
  // A verb prints text, while the test runner's own messages are bytes.
  const write = process.stdout.write.bind(process.stdout) as (...parameters: readonly unknown[]) => boolean;
  process.stdout.write = (...parameters: readonly unknown[]): boolean =>
    typeof parameters[0] === 'string' || write(...parameters);
  try {
    await command.parseAsync([...args, '--store', `file:${path}`], { from: 'user' });
    return 0;
  } catch (fault) {
    if (fault instanceof ToolFailure) return exitCodeOf[fault.kind];
    if (fault instanceof CommanderError) throw new Error(`${args.join(' ')}: ${fault.message}`, { cause: fault });
    throw fault;
  } finally {
    process.stdout.write = write;
    process.exitCode = exitCode;
  }
}

function throwInPlaceOfExit(command: Command): void {
  command.exitOverride();
  command.configureOutput({ writeErr: () => undefined });
  command.commands.forEach(throwInPlaceOfExit);
}

let stages = 0;
function putDocument(text: string, signature: string | undefined, log: string | undefined): string {
  const path = join(folder.path, `${(stages += 1)}`, 'trust.json');
  mkdirSync(join(path, '..'));
  writeFileSync(path, text);
  if (signature !== undefined) writeFileSync(`${path}.sig`, signature);
  if (log !== undefined) writeFileSync(`${path}.log.jsonl`, log);
  return path;
}

describe('what a verb signs depends on signed bytes and its own words', () => {
  const signing = ['--reason', 'x', '--by', 'ada', '--signing-key', keyFile];
  let authority: string;
  let texts: Readonly<Record<'open' | 'locked' | 'older', string>>;
  /** A document that the signing key has not signed. Somebody else may have signed it. */
  let tampered: string;
  let verbs: readonly (readonly string[])[];

  before(() => {
    authority = folder.file('root.pem');
    runOpenssl(['req', '-x509', '-newkey', 'ed25519', '-nodes', '-keyout', folder.file('root.key'), '-out', authority, '-days', '9', '-subj', '/CN=root']); // prettier-ignore
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const document: TrustDocument = {
      schemaVersion: 1,
      revision: 5,
      authorities: [{ name: 'corp', trustAnchors: [readFileSync(authority, 'utf8')] }],
      denied: [{ thumbprintSha256: pin('d') }],
      identities: [
        { name: 'billing', roles: ['r', 's'], pins: [{ thumbprintSha256: pin('1') }, { thumbprintSha256: pin('2'), enabled: false }] }, // prettier-ignore
        { name: 'blocked', roles: ['r'], enabled: false, pins: [{ thumbprintSha256: pin('3') }] },
      ],
    };
    const locked = { since: '2026-01-01T00:00:00Z', by: 'ada', reason: 'breach' };
    texts = {
      open: formatTrustDocument(document),
      locked: formatTrustDocument({ ...document, locked }),
      older: formatTrustDocument({ ...document, revision: 4, identities: [] }),
    };
    const intruder = { name: 'intruder', roles: ['r'], pins: [{ thumbprintSha256: pin('e') }] };
    tampered = formatTrustDocument({ ...document, identities: [...document.identities, intruder] });
    const older = folder.file('older.json', texts.older);
    folder.file('older.json.sig', sign(texts.older));
    const list = folder.file('list.txt', `partner=${pin('9')}`);
    verbs = [
      ['add', 'new', '--thumbprint-sha256', pin('4')],
      ['add', 'billing', '--to-existing', '--role', 't', '--thumbprint-sha256', pin('4')],
      ['add', 'named', '--issued-by', 'corp', '--dns', 'a.example'],
      ['remove', 'billing', '--role', 's'],
      ['remove', 'blocked'],
      ['disable', 'billing'],
      ['enable', 'blocked'],
      ['disable', 'billing', '--pin', '11111111'],
      ['enable', 'billing', '--pin', '22222222'],
      ['rotate', 'billing', '--thumbprint-sha256', pin('4'), '--overlap', '1d'],
      ['deny', pin('1')],
      ['undeny', pin('d')],
      ['authority', 'add', 'other', '--trust-anchor', authority],
      ['authority', 'remove', 'corp'],
      ['import', '--from', list],
      ['lock'],
      ['unlock'],
      ['restore', older],
      ['sign'],
    ];
  });
  after(() => {
    mock.timers.reset();
  });

  /**
   * The document that a verb writes without any manipulation: no log, and a valid signature. Undefined if the verb
   * refuses.
   */
  const expected = new Map<string, string | undefined>();
  const findExpected = async (text: string, args: readonly string[]): Promise<string | undefined> => {
    const name = JSON.stringify([text, args]);
    if (!expected.has(name)) {
      const path = putDocument(text, sign(text), undefined);
      const exitCode = await runVerb(path, [...args, ...signing]);
      expected.set(name, exitCode === 0 ? readFileSync(path, 'utf8') : undefined);
    }
    return expected.get(name);
  };

  /** Log lines that would change a document if a verb believed them. */
  const logs = fc.option(
    fc
      .array(
        fc.oneof(
          fc.record({
            version: fc.constant(1),
            at: fc.constant('2026-01-01T00:00:00.000Z'),
            verb: fc.constantFrom('lock', 'unlock', 'disable', 'enable', 'add', 'remove', 'sign'),
            by: fc.constant('ada'),
            reason: fc.constant('x'),
            revision: fc.nat({ max: 9 }),
            documentSha256: fc.constantFrom('open', 'locked', 'older', 'none'),
            previousDocumentSha256: fc.constantFrom('open', 'locked', 'older', null),
            signed: fc.boolean(),
            changes: fc.constant([]),
            identities: fc.subarray(['billing', 'blocked', 'stranger']),
            pins: fc.subarray([pin('1'), pin('2')]),
          }),
          fc.string(),
        ),
        { maxLength: 4 },
      )
      .map((lines) =>
        lines
          .map((line) => (typeof line === 'string' ? line : JSON.stringify(line)))
          .map((line) =>
            line.replace(
              /"(open|locked|older)"/g,
              (_, which: keyof typeof texts) => `"${hashDocument(Buffer.from(texts[which]))}"`,
            ),
          ) // prettier-ignore
          .join('\n'),
      ),
    { nil: undefined },
  );
  const line = fc.constantFrom('open', 'locked', 'older', 'stranger', 'c2ln', 'no signature', '');
  const good = fc.tuple(fc.constantFrom('open', 'locked'), line).map(([one, other]) => (one === 'open' ? [one] : [one, other])); // prettier-ignore
  const signatures = fc.oneof(good, fc.constant(['locked', 'open']), fc.array(line, { maxLength: 3 }));
  const makeSignature = (text: string, which: readonly string[]): string | undefined =>
    which.length === 0
      ? undefined
      : which
          .map((each) => {
            if (each === 'stranger') return sign(text, strangerFile);
            return each in texts ? sign(texts[each as keyof typeof texts]) : each;
          })
          .join('\n');

  it('whatever the log and the file of the signature contain', async () => {
    let written = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('open' as const, 'locked' as const, 'tampered' as const),
        fc.nat(),
        logs,
        signatures,
        async (which, choice, log, lines) => {
          const text = which === 'tampered' ? tampered : texts[which];
          const args = verbs[choice % verbs.length] ?? [];
          const path = putDocument(text, makeSignature(text, lines), log);
          await runVerb(path, [...args, ...signing]);
          const after = readFileSync(path, 'utf8');
          const signature = existsSync(`${path}.sig`) ? readFileSync(`${path}.sig`, 'utf8') : undefined;
          // Only `sign` accepts a document as it is.
          const isRefused = which === 'tampered' && args[0] !== 'sign';
          const wanted = isRefused ? text : await findExpected(text, args);
          assert.ok(after === text || after === wanted, `${args.join(' ')} wrote something else`);
          if (after !== text) {
            written += 1;
            assert.equal(await verifyDocumentSignature(Buffer.from(after), signature, publicKey), 'fits');
          }
          rmSync(join(path, '..'), { recursive: true });
        },
      ),
      { numRuns: 60 },
    );
    assert.ok(written > 10, `only ${written} runs wrote a document, so the property says little`);
  });

  it('and every verb leaves a signed document', async () => {
    for (const args of verbs) {
      const path = putDocument(texts.open, sign(texts.open), 'x');
      await runVerb(path, [...args, ...signing]);
      assert.equal(await verifyDocumentSignature(readFileSync(path), readFileSync(`${path}.sig`, 'utf8'), publicKey), 'fits', args.join(' ')); // prettier-ignore
      rmSync(join(path, '..'), { recursive: true });
    }
  });
});
