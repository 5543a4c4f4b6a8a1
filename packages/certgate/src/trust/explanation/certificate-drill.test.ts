import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runInProcess } from '../../commands/trust/test-support/run-in-process.js';
import { denialRemedies } from './denial-remedies.js';
import type { ExplanationReport } from './explanation-report.js';
import { documentFaults } from './test-support/drill-faults.js';
import {
  add,
  addCaller,
  askOwner,
  begin,
  change,
  enterDrillFolder,
  future,
  hashKey,
  makeDrillCertificates,
  openssl,
  past,
  runPrinted,
  store,
} from './test-support/drill-stage.js';

// The drill with the certificate at hand. The document makes the gate deny a caller; the commands that `explain`
// prints, with only their placeholders filled in, let the next call pass. The test follows every choice that fits the
// fault, each from the same fault.

let leave: () => void;

before(() => {
  leave = enterDrillFolder();
  makeDrillCertificates();
});

after(() => {
  leave();
});

async function explain(certificate: string, ...more: readonly string[]): Promise<ExplanationReport> {
  const words = ['--certificate', `${certificate}.crt.pem`, '--function', 'GetOrder', '--requires-role', 'reader'];
  const { exitCode, stdout } = await runInProcess(['trust', 'explain', '--store', store, ...words, '--json', ...more]);
  const report = JSON.parse(stdout) as ExplanationReport;
  assert.equal(exitCode, report.outcome === 'denied' ? 1 : 3);
  return report;
}

describe('the drill: from the denial to the command that ends it', () => {
  for (const [what, fault] of Object.entries(documentFaults)) {
    test(what, async () => {
      const { certificate = 'caller', make, choices = 1, fitting, authorityFile } = fault;
      const [code] = what.split(':');
      await begin();
      await make();
      const document = readFileSync('trust.json');
      const denied = await explain(certificate);
      assert.equal(denied.code, code, denied.detail ?? '');
      const { remedy } = denied;
      assert.ok(remedy !== null && remedy.verifyFirst !== '');
      assert.equal(remedy.choices.length, choices, JSON.stringify(remedy));
      if (authorityFile !== undefined) writeFileSync('ca.crt.pem', readFileSync(authorityFile));
      for (const [index, { commands }] of remedy.choices.entries()) {
        if (fitting?.includes(index) === false) continue;
        writeFileSync('trust.json', document);
        // The commands don't depend on each other, so they work in reverse order too, and one that fails leaves nothing
        // half done.
        for (const command of commands.toReversed()) await runPrinted(askOwner(command, certificate));
        const next = await explain(certificate);
        assert.equal(next.code, 'allowed', `${commands.join('\n')}\n${next.detail ?? ''}`);
      }
    });
  }

  test('the window of a single pin is corrected in one write, so that no document in between lacks the pin', async () => {
    const newEnd = /^npx --no-install certgate trust set a1 --pin [0-9A-F]{64} --not-after 20\d\d-\S+Z --reason /;
    const noStart = /^npx --no-install certgate trust set a1 --pin [0-9A-F]{64} --not-before none --reason /;
    for (const [words, expected] of [
      [['--certificate', 'caller.crt.pem', '--not-after', past], newEnd],
      [['--public-key-sha256', hashKey('caller'), '--not-after', past], newEnd],
      [['--certificate', 'caller.crt.pem', '--not-before', future, '--not-after', '2100-01-01T00:00:00Z'], noStart],
    ] as const) {
      await begin();
      await add('a1', ...words);
      const [command, ...others] = (await explain('caller')).remedy?.choices.flatMap(({ commands }) => commands) ?? [];
      assert.match(command ?? '', expected);
      assert.deepEqual(others, []);
    }
  });

  test('the drill contains every denial that a command ends', () => {
    const elsewhere = new Set<string>([
      // For most of these, only the owner of the certificate can get another one.
      ...['certificate_expired', 'certificate_is_authority', 'certificate_extended_key_usage_unsuitable'],
      ...['certificate_key_usage_unsuitable', 'certificate_key_unsupported', 'certificate_key_too_weak'],
      ...['certificate_critical_extension_unknown'],
      ...['certificate_revoked', 'trust_unavailable'],
    ]);
    const drilled = new Set(Object.keys(documentFaults).map((what) => what.split(':')[0]));
    for (const [code, remedy] of Object.entries(denialRemedies)) {
      assert.equal(typeof remedy !== 'string', drilled.has(code) || elsewhere.has(code), code);
    }
  });

  test('a certificate that has ended together with its pin is reported with both ends, and only a new one helps', async () => {
    await begin();
    await add('a1', '--certificate', 'ended.crt.pem', '--even-if-unfit');
    const { code, detail, remedy } = await explain('ended');
    assert.equal(code, 'pin_expired');
    assert.match(detail ?? '', /This pin of "a1" ended at 2025.*The certificate itself has expired too, at 2025/);
    const [choice, ...others] = remedy?.choices ?? [];
    assert.ok(choice !== undefined && others.length === 0);
    assert.match(choice.needs ?? '', /^new\.crt\.pem: the new certificate/);
    writeFileSync('new.crt.pem', readFileSync('caller.crt.pem'));
    for (const command of choice.commands) await runPrinted(command);
    assert.equal((await explain('caller')).code, 'allowed');
  });

  test('a document that somebody else signed is signed again by the person who vouches for it', async () => {
    await begin();
    await addCaller();
    for (const name of ['signing', 'foreign']) {
      openssl('genpkey', '-algorithm', 'ed25519', '-out', `${name}.key.pem`);
      openssl('pkey', '-in', `${name}.key.pem`, '-pubout', '-out', `${name}.public.pem`);
    }
    await change('sign', '--signing-key', 'foreign.key.pem');
    const foreign = readFileSync('trust.json.sig');
    const { code, remedy } = await explain('caller', '--signed-by', 'signing.public.pem');
    assert.equal(code, 'trust_unavailable');
    const [choice, ...others] = remedy?.choices ?? [];
    assert.ok(choice !== undefined && others.length === 0);
    assert.match(choice.needs ?? '', /^signing\.key\.pem: the private key/);
    for (const command of choice.commands) await runPrinted(command);
    assert.equal((await explain('caller', '--signed-by', 'signing.public.pem')).code, 'allowed');
    writeFileSync('trust.json.sig', foreign);
    writeFileSync('app.log', '{"certgate":1,"event":"decision","outcome":"denied","code":"trust_unavailable"}');
    const log = ['trust', 'explain', '--store', store, '--log', 'app.log', '--signed-by', 'signing.public.pem'];
    assert.match((await runInProcess(log)).stdout, /trust sign --signing-key signing\.key\.pem/);
    const words = ['--certificate', 'other.crt.pem', '--function', 'GetOrder', '--signed-by', 'signing.public.pem'];
    const { stdout } = await runInProcess(['trust', 'explain', '--store', store, ...words]);
    assert.match(stdout, /The document is signed: add --signing-key FILE/);
    rmSync('trust.json.sig');
  });

  test('an unknown caller whom the gate would refuse in any case gets no command', async () => {
    await begin();
    const { code, remedy } = await explain('ended');
    assert.equal(code, 'certificate_not_trusted');
    assert.deepEqual(remedy?.choices, []);
    assert.match(remedy.verifyFirst, /over another channel/);
  });

  test('the text shows each command in a line of its own, to be copied whole', async () => {
    await begin();
    await addCaller('--not-after', past);
    const { remedy } = await explain('caller');
    const words = ['--certificate', 'caller.crt.pem', '--function', 'GetOrder'];
    const { stdout } = await runInProcess(['trust', 'explain', '--store', store, ...words]);
    const lines = stdout.split('\n').map((line) => line.trim());
    for (const command of remedy?.choices.flatMap(({ commands }) => commands) ?? [])
      assert.ok(lines.includes(command), command);
    assert.ok(lines.some((line) => line.startsWith('Before you run a command: ')));
  });

  test('a printed command, run as a whole, finds the tool of the project by npx', async () => {
    await begin();
    await addCaller();
    await change('disable', 'a1');
    const command = (await explain('caller')).remedy?.choices[0]?.commands[0] ?? '';
    mkdirSync('node_modules/.bin', { recursive: true });
    const bin = fileURLToPath(new URL('../../../../bin/certgate.js', import.meta.url));
    symlinkSync(bin, 'node_modules/.bin/certgate');
    execFileSync('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] });
    assert.equal((await explain('caller')).code, 'allowed');
  });
});
