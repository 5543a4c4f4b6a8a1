import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { findPublishedData, runConformance, startConformance } from './test-support/conformance.js';
import { makeSuiteMaterial, writeLimboSuite } from './test-support/conformance-suites.js';

const folder = mkdtempSync(join(tmpdir(), 'certgate-conformance-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const material = makeSuiteMaterial(folder);
const tests = join(folder, 'tests.json');

interface JsonReport {
  readonly isAsListed: boolean;
  readonly suites: readonly {
    readonly suite: string;
    readonly counts: Readonly<Record<string, number>>;
    readonly unexplained: readonly string[];
    readonly stale: readonly string[];
    readonly results: readonly { readonly id: string; readonly ours: string; readonly code?: string }[];
  }[];
}

function readReport(stdout: string): JsonReport {
  return JSON.parse(stdout) as JsonReport;
}

function writeTests(...cases: readonly Readonly<Record<string, unknown>>[]): string {
  const common = { trustAnchor: 'certs/root.pem', target: 'certs/leaf.pem', intermediates: [] };
  const all = cases.map((each) => ({ ...common, validationTime: material.time, ...each }));
  writeFileSync(tests, JSON.stringify({ suite: 'own', tests: all }));
  return tests;
}

interface DeviationEntry {
  readonly suite: string;
  readonly ids?: readonly string[];
  readonly expected: string;
  readonly ours: string;
  readonly why: string;
}

function writeDeviations(...deviations: readonly DeviationEntry[]): string {
  const path = join(folder, 'deviations.txt');
  writeFileSync(path, JSON.stringify({ deviations }));
  return path;
}

const good = { id: 'good', section: '1', valid: true, crls: ['crls/good.crl'] };
const revoked = { id: 'revoked', section: '1', valid: false, crls: ['crls/revoked.pem'] };

describe('npm run conformance', () => {
  it('says how to get data if it has none, and ends with 2', () => {
    const { exitCode, stderr } = startConformance();
    assert.equal(exitCode, 2);
    assert.match(stderr, /--data PATH/);
    assert.match(stderr, /README/);
  });

  it('ends with 2 if the data is missing, is not a suite, or names a file that is missing', () => {
    assert.equal(runConformance('--data', join(folder, 'nothing')).exitCode, 2);
    assert.equal(runConformance('--data', join(folder, 'crls')).exitCode, 2);
    assert.equal(runConformance('--data', join(folder, 'openssl.cnf')).exitCode, 2);
    const { exitCode, stderr } = runConformance('--data', writeTests({ ...good, target: 'certs/gone.pem' }));
    assert.equal(exitCode, 2);
    assert.match(stderr, /gone\.pem/);
    assert.equal(runConformance('--data', writeTests({ ...good, valid: 'yes' })).exitCode, 2);
    assert.equal(runConformance('--data', writeTests(good), '--profile', 'lax').exitCode, 2);
    assert.equal(runConformance('--data', writeTests(good), '--unknown').exitCode, 2);
  });

  it('runs a suite in the form of PKITS, by folder and by file, and compares policy sets', () => {
    writeTests(good, revoked, { ...good, id: 'unknown status', valid: false, crls: ['certs/root.pem'] });
    for (const [path, start] of [
      [folder, startConformance],
      [tests, runConformance],
    ] as const) {
      const { exitCode, stdout } = start('--data', path);
      assert.equal(exitCode, 0, stdout);
      assert.match(stdout, /^total +3 +3 +0 +0 +0 +0 /m);
    }
    const asked = { ...good, expectedUserConstrainedPolicySet: ['1.2.3'] };
    const { exitCode, stdout } = runConformance('--data', writeTests(asked));
    assert.equal(exitCode, 1);
    assert.match(stdout, /^total +1 +0 +0 +0 +1 +0 /m);
  });

  it('fails on a wrong acceptance and on a wrong refusal, and names both cases', () => {
    const { exitCode, stdout } = runConformance(
      '--json',
      '--data',
      writeTests({ ...good, valid: false }, { ...revoked, valid: true }),
    );
    assert.equal(exitCode, 1);
    const [suite] = readReport(stdout).suites;
    assert.deepEqual(suite?.unexplained, ['good', 'revoked']);
    assert.equal(suite.counts['accepted-invalid'], 1);
    assert.equal(suite.counts['rejected-valid'], 1);
    assert.equal(suite.results[1]?.code, 'certificate_revoked');
  });

  it('accepts a listed deviation, and fails on one of another kind or one that no longer happens', () => {
    const entry = { suite: 'pkits', ids: ['revoked'], expected: 'valid', ours: 'invalid', why: 'a test' };
    const data = writeTests(good, { ...revoked, valid: true });
    const run = (...entries: readonly DeviationEntry[]): number | null =>
      runConformance('--data', data, '--deviations', writeDeviations(...entries)).exitCode;
    assert.equal(run(entry), 0);
    assert.equal(run(), 1);
    assert.equal(run({ ...entry, suite: 'limbo' }), 1);
    assert.equal(run({ ...entry, expected: 'invalid', ours: 'valid' }), 1);
    assert.equal(run({ ...entry, ids: ['revoked', 'good'] }), 1);
    // A deviation may list a case that this suite doesn't have.
    assert.equal(run({ ...entry, ids: ['revoked', 'of another suite'] }), 0);
    const { suite, expected, ours, why } = entry;
    assert.equal(run({ suite, expected, ours, why }), 2);
  });

  it('runs a suite in the form of the OCSP responses', () => {
    const test = { ...good, crls: undefined, time: material.time };
    const { exitCode, stdout } = runConformance(
      '--json',
      '--data',
      writeTests(
        { ...test, ocspResponses: ['good.ors'] },
        { ...test, id: 'revoked', valid: false, ocspResponses: ['revoked.ors'] },
      ),
    );
    assert.equal(exitCode, 0, stdout);
    assert.equal(readReport(stdout).suites[0]?.suite, 'ocsp');
    assert.equal(readReport(stdout).suites[0]?.results[1]?.code, 'certificate_revoked');
  });

  it('runs the schema of x509-limbo: purposes, peer names, key usage, depth, CRLs, and cases without a time', () => {
    const path = writeLimboSuite(material, [
      { id: 'a::plain', expected: 'SUCCESS' },
      { id: 'a::now', expected: 'SUCCESS', extra: { validation_time: null } },
      { id: 'a::late', expected: 'FAILURE', extra: { validation_time: '2099-01-01T00:00:00+00:00' } },
      { id: 'a::server', expected: 'SUCCESS', extra: { validation_kind: 'SERVER', extended_key_usage: [] } },
      { id: 'a::code', expected: 'FAILURE', extra: { extended_key_usage: ['codeSigning'] } },
      { id: 'a::usage', expected: 'FAILURE', extra: { key_usage: ['keyEncipherment'] } },
      { id: 'a::depth', expected: 'SUCCESS', extra: { max_chain_depth: 0 } },
      { id: 'a::anchor', expected: 'FAILURE', extra: { trusted_certs: [] } },
      { id: 'b::dns', expected: 'SUCCESS', peerName: { kind: 'DNS', value: 'PEER.example' } },
      { id: 'b::other-dns', expected: 'FAILURE', peerName: { kind: 'DNS', value: 'other.example' } },
      { id: 'b::ip', expected: 'SUCCESS', peerName: { kind: 'IP', value: '192.0.2.1' } },
      { id: 'b::other-ip', expected: 'FAILURE', peerName: { kind: 'IP', value: '192.0.2.2' } },
      { id: 'b::mail', expected: 'SUCCESS', peerName: { kind: 'RFC822', value: 'a@PEER.example' } },
      { id: 'b::other-mail', expected: 'FAILURE', peerName: { kind: 'RFC822', value: 'A@peer.example' } },
      { id: 'c::good', expected: 'SUCCESS', crl: 'crls/good.pem' },
      { id: 'c::revoked', expected: 'FAILURE', crl: 'crls/revoked.pem' },
    ]);
    const { exitCode, stdout } = runConformance('--data', path);
    assert.equal(exitCode, 0, stdout);
    assert.match(stdout, /^1 cases? without a time: judged as of now/m);
    assert.match(stdout, /profile strict/);
    assert.match(stdout, /^c +2 +2 /m);
    const wrong = writeLimboSuite(material, [
      { id: 'a::plain', expected: 'FAILURE' },
      { id: 'c::revoked', expected: 'SUCCESS', crl: 'crls/revoked.pem' },
    ]);
    assert.equal(runConformance('--data', wrong).exitCode, 1);
    assert.equal(runConformance('--data', wrong, '--only', 'nothing of it').exitCode, 2);
  });
});

describe('the published suites', () => {
  const data = findPublishedData();
  it(data === undefined ? 'are missing next to the checkout: not run' : 'agree, but for the listed deviations', () => {
    if (data === undefined) return;
    const { exitCode, stdout } = startConformance('--json', '--data', data);
    const { suites, isAsListed } = readReport(stdout);
    const counts = Object.fromEntries(suites.map(({ suite, results }) => [suite, results.length]));
    assert.deepEqual(counts, { ocsp: 28, pkits: 249 });
    assert.deepEqual(
      suites.map((suite) => suite.counts['accepted-invalid']),
      [0, 0],
    );
    assert.deepEqual([exitCode, isAsListed], [0, true], stdout);
  });
});
