import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { Profiler } from 'node:inspector';
import { SourceMap } from 'node:module';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { appService } from './test-support/environment.js';

/**
 * Files that a cold start loads although neither the start nor a first request runs one of their functions. Among them
 * are doors to parts that are loaded later, a class with which apps compare errors, constants without a function,
 * functions that apps call themselves, descriptions of faults, and code for other certificates. The file that reads a
 * deny list must be loaded at the start, because the files of a running app may be replaced later.
 */
const doors = [
  'core/src/access/awaited-answer.ts',
  'core/src/encoding/describe-fault.ts',
  'core/src/encoding/shown-url.ts',
  'core/src/hosting/client-identity-missing.ts',
  'core/src/load-path-validation.ts',
  'core/src/log/status-channel.ts',
  'core/src/trust-document/document-error.ts',
  'core/src/trust-document/read-deny-list.ts',
  'core/src/trust-snapshot/revocation-information.ts',
  'core/src/trust-snapshot/trust-finding.ts',
  'core/src/trust-store/document-store.ts',
  'core/src/trust-store/first-of.ts',
  'azure-functions/src/function-policy.ts',
  'azure-functions/src/observe.ts',
  'azure-functions/src/report-only.ts',
  'azure-functions/src/temporary-opening.ts',
  'x509/src/certgate-error.ts',
  'x509/src/certificate/certificate-fault-sentence.ts',
  'x509/src/certificate/general-name.ts',
  'x509/src/certificate/ml-dsa.ts',
  'x509/src/certificate/spiffe-id.ts',
];

/** scripts/bundle-commonjs.mjs explains what a part is. */
const loadedLater = /^part-.*\.cjs$/;

it('a cold start loads what a first request runs, and nothing else', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-cold-start-'));
  context.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const program = fileURLToPath(new URL('test-support/first-requests.js', import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, join(folder, 'trust.json')], {
    env: { PATH: process.env['PATH'], ...appService },
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  assert.equal(status, 0, stderr);
  const { statuses, scripts } = JSON.parse(stdout.split('\n').at(-1) ?? '') as {
    readonly statuses: readonly number[];
    readonly scripts: readonly Profiler.ScriptCoverage[];
  };
  assert.deepEqual(statuses, [200, 401, 401]);

  const modules = scripts.map(toPath).filter((path) => isOfPackage(path) && !loadedLater.test(path.split(sep).at(-1)!));
  const idle = modules.flatMap((path) =>
    listIdle(
      path,
      scripts.find((script) => toPath(script) === path)!,
    ),
  );
  assert.deepEqual(
    idle.toSorted(),
    doors.toSorted(),
    'A module that no first request runs belongs to a part in scripts/bundle-commonjs.mjs, or the list of doors is out of date.',
  );
});

function toPath({ url }: Profiler.ScriptCoverage): string {
  return url.startsWith('file:') ? fileURLToPath(url) : url;
}

function isOfPackage(path: string): boolean {
  return !path.includes(`${sep}node_modules${sep}`) && existsSync(`${path}.map`);
}

/** The source files in a bundle of which no function ran. An entry's own file has no functions. */
function listIdle(path: string, { functions }: Profiler.ScriptCoverage): readonly string[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  const payload = JSON.parse(readFileSync(`${path}.map`, 'utf8')) as ConstructorParameters<typeof SourceMap>[0];
  const map = new SourceMap(payload);
  const ran = functions.flatMap(({ ranges: [range] }) => {
    if (range === undefined || range.count === 0 || range.startOffset === 0) return [];
    const entry = map.findEntry(...findPosition(lines, range.startOffset));
    return 'originalSource' in entry ? [entry.originalSource] : [];
  });
  const [, name = ''] = /packages[\\/]([\w-]+)[\\/]dist/.exec(path) ?? [];
  return payload.sources
    .filter((source) => !ran.includes(source) && !/\/(?:index|internal)\.ts$/.test(source))
    .map((source) =>
      join(name, source.replace(/^\.\.\//, ''))
        .split(sep)
        .join('/'),
    );
}

function findPosition(lines: readonly string[], offset: number): [line: number, column: number] {
  let left = offset;
  for (const [line, text] of lines.entries()) {
    if (left <= text.length) return [line, left];
    left -= text.length + 1;
  }
  throw new Error('An offset behind the end of its script.');
}
