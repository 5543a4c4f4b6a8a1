import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { denialCodes } from '@certgate/core/internal';
import { runInProcess } from '../../commands/trust/test-support/run-in-process.js';
import { documentFaults, type Judgement } from './test-support/drill-faults.js';
import { type Played, play, present, type Scene } from './test-support/drill-gate.js';
import { scenes } from './test-support/drill-scenes.js';
import {
  askOwner,
  begin,
  enterDrillFolder,
  makeDrillCertificates,
  makeOddCertificates,
  runPrinted,
  store,
} from './test-support/drill-stage.js';
import { type Choice, readChoices } from './test-support/printed-choices.js';

// The drill: a gate refuses a caller, or an app does not accept its document. The operator has one line of the log,
// runs `explain --log` with only the place of the document, and does what it prints.

/**
 * The shares of all faults below for which anything that the operator reads names the cause (`cause`), the line itself
 * names it (`line`), and the remedy helps (`remedy`).
 */
const goals = { cause: 0.95, line: 0.85, remedy: 0.85 };

/** The drill need not cover these codes. */
const codesElsewhere: ReadonlySet<string> = new Set([
  ...['algorithm_unsupported_by_runtime', 'path_budget_exhausted', 'path_certificate_malformed'],
  ...['path_key_unsupported', 'path_algorithm_unsupported'],
]);

/** The faults of a drill that others ran: the words of their list → the name of the same fault here. */
const faultsOfOthers: Readonly<Record<string, string>> = {
  'newer schema': 'a newer schema is there at the start',
  'document unreadable at start': 'the document is cut short at the start',
  'thumbprint typo': 'certificate_not_trusted: two digits swapped',
  'signing key rotated, app has the old public key': 'the signing key was rotated, and the app has the old public key',
  "caller's TLS library sends no certificate": 'the caller sends no certificate in the handshake',
  'function not allowed': 'function_not_allowed',
  'wrong front end named': 'the header of another front end comes',
  'MCP tool refused': 'an MCP tool is refused by the list of functions',
  'expired pin': 'pin_expired',
  'role missing': 'role_missing: of an identity whose name a shell would take apart',
  'CRL unreachable': 'revocation_unavailable: the list cannot be reached',
  'noRevAvail, lifetime too long': 'revocation_unavailable: the lifetime is too long for noRevAvail',
  'pin disabled': 'pin_disabled',
  'front end setting missing': 'nothing names the front end',
};
const listOfOthers = new URL('../../../../../../../shared/data/drill-faults.txt', import.meta.url);

let leave: () => void;

before(() => {
  leave = enterDrillFolder();
  makeDrillCertificates();
  makeOddCertificates();
});

after(() => {
  leave();
});

const errorsPage = readFileSync(new URL('../../../../../../docs/errors.md', import.meta.url), 'utf8');

/** What docs/errors.md says about the code of a line. */
function readPage(log: string): string {
  const code = /"code":"(\w+)"/.exec(log)?.[1] ?? '';
  return errorsPage.split(/^#### /m).find((part) => part.startsWith(`\`${code}\``)) ?? '';
}

/** What the tool prints about a line among other lines of the host. */
async function explain(log: string, stores: readonly string[] = [store]): Promise<string> {
  writeFileSync('app.log', `[2027-01-01T00:00:00Z] Executing 'Functions.GetOrder'\n[x] warn: ${log}\n`);
  try {
    const documents = stores.flatMap((each) => ['--store', each]);
    return (await runInProcess(['trust', 'explain', ...documents, '--log', 'app.log'])).stdout;
  } catch (error) {
    const { message, remedy = '' } = error as Error & { readonly remedy?: string };
    return `${message}\n${remedy}`;
  }
}

const results: Readonly<Record<keyof typeof goals, boolean>>[] = [];
const codes = new Set<string>();

async function judge(judgement: Judgement & Partial<Scene>, played: Played): Promise<void> {
  const { log } = played;
  const { cause, missed = [], stores, certificate = 'caller' } = judgement;
  const shown = await explain(log, stores);
  const line = cause.test(log.replaceAll('\\"', '"'));
  const fault = await findFault(shown, judgement, played, certificate);
  const result = { cause: line || cause.test(shown) || cause.test(readPage(log)), line, remedy: fault === undefined };
  results.push(result);
  codes.add(/"code":"(\w+)"/.exec(log)?.[1] ?? '');
  const found = Object.entries(result).flatMap(([goal, isReached]) => (isReached ? [] : [goal]));
  assert.deepEqual(found, missed, `${log}\n${shown}\n${fault ?? ''}`);
}

/** Why the remedy does not help; undefined if it does. */
async function findFault(
  shown: string,
  { when, advice }: Judgement,
  { isEnded }: Played,
  certificate: string,
): Promise<string | undefined> {
  if (advice !== undefined) return advice.test(shown) ? undefined : 'The advice is missing.';
  const choices = readChoices(shown);
  const fitting = when === undefined ? choices : choices.filter(({ introduction }) => when.test(introduction));
  const [choice] = fitting;
  if (choice === undefined || fitting.length > 1) return `${fitting.length} choices fit.`;
  const failure = await follow(choice, certificate).catch(String);
  return failure ?? ((await isEnded()) ? undefined : 'The fault is still there.');
}

async function follow({ commands }: Choice, certificate: string): Promise<undefined> {
  for (const command of commands) await runPrinted(askOwner(command, certificate));
}

describe('the drill: from a line of the log to the end of the fault', () => {
  for (const [what, fault] of Object.entries(documentFaults)) {
    test(what, async () => {
      const { certificate, make, authorityFile } = fault;
      await begin();
      await make();
      if (authorityFile !== undefined) writeFileSync('ca.crt.pem', readFileSync(authorityFile));
      await judge(fault, await play({ reading: present(certificate ?? 'caller') }));
    });
  }
  for (const [what, scene] of Object.entries(scenes)) {
    test(what, async () => {
      await judge(scene, await scene.play());
    });
  }

  test('it contains the faults of a drill that others ran', () => {
    const names = new Set([...Object.keys(documentFaults), ...Object.keys(scenes)]);
    for (const [fault, name] of Object.entries(faultsOfOthers)) assert.ok(names.has(name), fault);
    if (!existsSync(listOfOthers)) return;
    const lines = readFileSync(listOfOthers, 'utf8').split('\n');
    for (const line of lines)
      assert.ok(line === '' || line.startsWith('#') || Object.hasOwn(faultsOfOthers, line), line);
  });

  test('it contains every denial code that a gate with a document can give here', () => {
    const missing = denialCodes.filter((code) => !codes.has(code) && !codesElsewhere.has(code));
    assert.deepEqual(missing, [], 'add a fault to test-support/drill-faults.ts, or the code to codesElsewhere');
  });

  for (const [goal, share] of Object.entries(goals)) {
    test(`the goal ${goal} is reached for at least ${100 * share} % of the faults`, () => {
      const count = results.filter((result) => result[goal as keyof typeof goals]).length;
      assert.ok(count >= share * results.length, `${count} of ${results.length}`);
    });
  }
});
