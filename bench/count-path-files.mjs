// Counts the source files that a reader opens to follow one decision: every file of ours with a function that runs
// while the decision is made, as V8's own coverage records it. Warm-up and start are not counted.
//
//   node bench/count-path-files.mjs         the counts; exits 1 when a goal is missed
//   node bench/count-path-files.mjs --list  and the files
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { SourceMap } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pathNow, writeChain } from '@certgate/x509/test-support/written-path.js';
import { openIssued, openPinned, requirement } from './warm-decisions.mjs';

const packages = new URL('../packages/', import.meta.url);
const entry = new URL('core/dist/esm/internal.js', packages);
const goals = { pinned: 15, authority: 46 };
const kind = process.argv.find((argument) => argument in goals);
if (kind === undefined) countAll();
else console.log(JSON.stringify(await recordFiles(kind)));

/** Counts each kind of decision in a process of its own, where the other kind has loaded and compiled nothing. */
function countAll() {
  for (const each of Object.keys(goals)) {
    const stdout = execFileSync(process.execPath, [fileURLToPath(import.meta.url), each], { encoding: 'utf8' });
    const files = JSON.parse(stdout);
    const isMet = files.length > 0 && files.length <= goals[each];
    console.log(`${isMet ? 'met   ' : 'MISSED'} ${each}: ${files.length} files, at most ${goals[each]}`);
    if (process.argv.includes('--list')) for (const file of files) console.log(`  ${file}`);
    if (!isMet) process.exitCode = 1;
  }
}

/** The files of the first decision about a certificate. The gate remembers nothing, as for a new caller's request. */
async function recordFiles(each) {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-files-'));
  try {
    const chain = writeChain('p-256');
    const library = await import(entry.href);
    const gate = await (each === 'pinned' ? openPinned : openIssued)(library, chain, folder);
    const header = chain.leaf.toString('base64');
    const [decision, scripts] = await recordCalls(() => gate.decide(header, requirement, pathNow));
    if (decision.code !== 'allowed') throw new Error(`${decision.code}: ${decision.detail}`);
    return [...new Set(scripts.flatMap(listSources))].sort();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs `act`. @returns its value, and for each script the functions that were called. */
async function recordCalls(act) {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  await session.post('Profiler.takePreciseCoverage');
  const value = act();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  session.disconnect();
  return [value, result];
}

/** The source files of the functions that were called, found by the script's source map. */
function listSources({ url, functions }) {
  if (!url.startsWith(packages.href) || url.includes('/node_modules/')) return [];
  const file = fileURLToPath(url);
  const text = readFileSync(file, 'utf8');
  const lines = text.split('\n');
  const map = existsSync(`${file}.map`) ? new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8'))) : undefined;
  if (map === undefined) throw new Error(`${file} has no source map.`);
  return functions
    .filter(({ ranges: [{ count, startOffset, endOffset }] }) => {
      // Leaves out the functions that the bundler wrote to load a file at its first use, because no source file has
      // them.
      return (
        count > 0 && !/^function \w+\(\)\{return \w+\?\?=require\("[^"]+"\)\}$/.test(text.slice(startOffset, endOffset))
      );
    })
    .flatMap(({ ranges }) => {
      const { originalSource } = map.findEntry(...findPosition(lines, ranges[0].startOffset));
      // The source map names no file for the bundler's own helpers.
      if (originalSource === undefined) return [];
      return relative(fileURLToPath(packages), join(dirname(file), originalSource));
    });
}

function findPosition(lines, offset) {
  let left = offset;
  for (const [line, text] of lines.entries()) {
    if (left <= text.length) return [line, left];
    left -= text.length + 1;
  }
  throw new Error('An offset behind the end of its script.');
}
