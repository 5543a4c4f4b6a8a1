// Runs every benchmark that compares Certgate with something a reader knows, one after the other. Writes
// bench/results/all.json, the drawing bench/results/ratios.svg, and the tables in bench/README.md. Takes about twelve
// minutes on an idle machine.
//
//   npm run bench                          all of them; exits with 1 when a goal is missed or something couldn't be measured
//   npm run bench -- all decision path     only these: prints their rows and writes nothing
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeRun, writeResult } from '../proof/run-record.mjs';
import { describeMachine, formatRatios, writePage } from './write-page.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));

/**
 * The benchmarks with their rows. A row says what was measured and what it is compared with. `limit` is the goal for
 * the ratio, if there is one.
 */
const benchmarks = [
  {
    name: 'decision',
    files: ['decision.mjs'],
    rows: ({ results }) => {
      const of = (start) => results.find(({ key, name }) => key === 'EC P-256' && name.startsWith(start)).nanoseconds;
      const row = (what, start, beside, other, limit) => ({ what, beside, ratio: of(start) / of(other), limit });
      const known = 'a decision about a known caller';
      return [
        row(known, 'Certgate, warm', 'an API key check', 'API key', 1),
        row(known, 'Certgate, warm', '`new X509Certificate`', 'new X509'),
        row(known, 'Certgate, warm', 'a JWT check by `jose`', 'jose'),
        row('refusing a stranger', 'Certgate, unknown', 'an API key check', 'API key', 2),
        row('refusing a stranger', 'Certgate, unknown', '`new X509Certificate`', 'new X509', 0.5),
      ];
    },
  },
  {
    name: 'front-ends',
    files: ['front-ends.mjs'],
    rows: ({ warm, garbage }) => {
      const slowest = warm.reduce((one, other) => (other.nanoseconds > one.nanoseconds ? other : one));
      return [
        {
          what: `a known caller behind ${slowest.name}, the most expensive front end`,
          beside: 'the same behind App Service',
          ratio: slowest.nanoseconds / warm[0].nanoseconds,
        },
        {
          what: 'refusing the most expensive 16 KiB of garbage',
          beside: 'decoding it as base64',
          ratio: Math.max(...garbage.map(({ ratio }) => ratio)),
          limit: 2.5,
        },
      ];
    },
  },
  {
    name: 'path',
    files: ['certification-path.mjs'],
    rows: ({ paths }) => {
      const of = (name) => paths.find((each) => each.key === 'EC P-256' && each.name === name).milliseconds;
      const ratio = of('Certgate, everything from its bytes') / of('pkijs, everything from its bytes');
      return [
        { what: 'validating a certification path with two CRLs', beside: 'the same by pkijs', ratio, limit: 0.12 },
      ];
    },
  },
  {
    name: 'invocation',
    files: ['invocation.mjs', '--library'],
    rows: ({ noGate, denials, isValid }) => [
      {
        what: 'a whole invocation with the gate',
        beside: 'the same by `@azure/functions` alone',
        ...(isValid
          ? { ratio: (noGate + denials) / noGate }
          : { fault: 'two runs of the same code differed by 1 µs or more' }),
      },
    ],
  },
  {
    name: 'cold start',
    files: ['cold-import.mjs'],
    rows: ({ goals }) =>
      goals.map(({ name, share, limit }) => ({
        what: `what the gate adds to a start${name.includes('compile cache') ? ' with a compile cache' : ''}, up to the first decision`,
        beside: 'what `@azure/functions` adds',
        ratio: share,
        limit,
      })),
  },
  {
    name: 'first sight',
    files: ['first-sight.mjs'],
    rows: ({ results }) =>
      results.map(({ name, microseconds, beside, compared, limit }) =>
        beside === undefined
          ? { what: name, beside: `${limit / 1000} ms`, ratio: microseconds / limit, limit: 1 }
          : { what: name, beside, ratio: microseconds / compared, limit: limit / compared },
      ),
  },
  {
    name: 'command line',
    files: ['command-line.mjs'],
    rows: ({ results }) =>
      results
        .filter(({ limit }) => limit !== undefined)
        .map(({ name, ratio, limit }) => ({ what: `\`certgate ${name}\``, beside: '`node -e 0`', ratio, limit })),
  },
  {
    name: 'scale',
    files: ['trust-scale.mjs'],
    rows: ({ results, goals }) => [
      {
        what: 'a lookup among 400,000 pins',
        beside: 'one among 10',
        ratio: results.at(-1).lookupRatio,
        limit: 3,
      },
      {
        what: 'the event loop’s delay during a refresh of any size (p99)',
        beside: '50 ms',
        ratio: goals[1].value / goals[1].limit,
        limit: 1,
      },
      {
        what: 'what a refresh of 400,000 pins adds to memory',
        beside: 'the heap of the document in use',
        ratio: results.at(-1).addedRatio,
        limit: 2.5,
      },
    ],
  },
  {
    name: 'many callers',
    files: ['many-callers.mjs'],
    rows: ({ results, goals }) => {
      const beside = 'the same by `node:http` without a gate';
      const rows = results.filter(({ name }) => name in nameCaller);
      const line = goals.at(-1);
      return [
        ...rows.map(({ name, ratio, perSecond }) => ({
          what: `a request, each of another ${nameCaller[name]} (${perSecond.toLocaleString('en')} a second)`,
          beside,
          ratio,
          limit: goals.find((goal) => goal.name.startsWith(name)).limit,
        })),
        ...rows.map(({ name, firstRatio }) => ({
          what: `a request among the first 400 of a process, each of another ${nameCaller[name]}`,
          beside,
          ratio: firstRatio,
        })),
        {
          what: 'the line of an admitted call',
          beside: 'one of the same members, without a gate',
          ratio: line.value,
          limit: line.limit,
        },
      ];
    },
  },
  {
    name: 'revocation',
    files: ['revocation.mjs'],
    rows: ({ afterEndMilliseconds, refreshIntervalSeconds }) => [
      {
        what: 'the last call of a caller after `trust disable`, of 20',
        beside: 'the refresh interval',
        ratio: afterEndMilliseconds.maximum / 1000 / refreshIntervalSeconds,
        limit: 2,
      },
    ],
  },
];
const nameCaller = { pinned: 'pinned caller', authority: 'caller of an authority', strangers: 'stranger' };

const run = describeRun('npm run bench');
const wanted = process.argv.slice(2);
const unknown = wanted.find((each) => !benchmarks.some(({ name }) => name === each));
if (unknown !== undefined) {
  console.error(
    `There is no benchmark "${unknown}". Name some of ${benchmarks.map(({ name }) => name).join(', ')}, or none.`,
  );
  process.exit(2);
}
const results = benchmarks.filter(({ name }) => wanted.length === 0 || wanted.includes(name)).map(measure);
const rows = results.flatMap(({ rows: each }) => each);
if (wanted.length > 0) console.log(formatRatios(rows));
else {
  const summary = rows.map(describeRow);
  console.log(
    writeResult(
      'all',
      run,
      { summary, rows, benchmarks: results.map(({ name, output }) => ({ name, output })) },
      join('bench', 'results'),
    ),
  );
  writeFileSync(join(folder, 'results', 'ratios.svg'), drawRatios());
  writePage();
}
if (rows.some(({ met, fault }) => met === false || fault !== undefined)) process.exitCode = 1;

function measure({ name, files: [file, ...words], rows: listRows }) {
  console.error(`${name} …`);
  const started = performance.now();
  const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', join(folder, file), ...words, '--json'], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  console.error(`  ${Math.round((performance.now() - started) / 1000)} s`);
  try {
    const output = JSON.parse(stdout);
    return { name, output, rows: listRows(output).map(judge) };
  } catch {
    console.error(stderr);
    return { name, output: undefined, rows: [{ what: name, beside: '', fault: 'the benchmark did not end' }] };
  }
}

function judge({ ratio, limit, ...row }) {
  if (row.fault !== undefined) return row;
  // An empty sample would make a ratio that is not a number, or one that meets every goal.
  if (!(ratio > 0 && Number.isFinite(ratio))) return { ...row, fault: 'the run has no figure for it' };
  const rounded = Number(ratio.toPrecision(2));
  return {
    ...row,
    ratio: rounded,
    ...(limit === undefined ? {} : { limit: Number(limit.toPrecision(2)), met: ratio <= limit }),
  };
}

function describeRow({ what, beside, ratio, fault, limit, met }) {
  if (fault !== undefined) return `${what}: cannot tell (${fault})`;
  const goal = limit === undefined ? '' : ` (goal: at most ${limit}, ${met ? 'met' : 'missed'})`;
  return `${what}: ${ratio} times ${beside}${goal}`;
}

/**
 * Draws the ratios as bars on a logarithmic scale. A bar goes to the left of 1 if Certgate costs less than what it is
 * compared with.
 */
function drawRatios() {
  const drawn = rows.filter(({ ratio }) => ratio !== undefined);
  const [lowest, highest] = [-3, 2];
  const [left, width, height, top] = [30, 940, 40, 44];
  const x = (ratio) => {
    const place = Math.min(highest, Math.max(lowest, Math.log10(ratio)));
    return left + ((place - lowest) / (highest - lowest)) * (width - 2 * left);
  };
  const bottom = top + drawn.length * height;
  const ticks = [0.001, 0.01, 0.1, 1, 10, 100].map(
    (tick) =>
      `<line class="${tick === 1 ? 'one' : 'tick'}" x1="${x(tick)}" x2="${x(tick)}" y1="${top - 8}" y2="${bottom}"/>` +
      `<text class="small" x="${x(tick)}" y="${top - 14}" text-anchor="middle">${tick} ×</text>`,
  );
  const bars = drawn.map(({ what, beside, ratio, met }, index) => {
    const y = top + index * height;
    const [start, end] = [Math.min(x(1), x(ratio)), Math.max(x(1), x(ratio))];
    const label = `${what}: ${ratio} × ${beside}${met === false ? ' (goal missed)' : ''}`.replaceAll('`', '');
    return (
      `<text x="${left}" y="${y + 14}">${escapeXml(label)}</text>` +
      `<rect class="${met === false ? 'missed' : 'bar'}" x="${start.toFixed(1)}" y="${y + 20}" width="${Math.max(2, end - start).toFixed(1)}" height="10" rx="2"/>`
    );
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom + 8}" role="img" aria-labelledby="title">
<title id="title">What Certgate costs, as multiples of what it is compared with, on a logarithmic scale (${escapeXml(describeMachine(run))})</title>
<style>
text { font: 13px system-ui, sans-serif; fill: #24292f; }
.small { font-size: 11px; fill: #57606a; }
.tick { stroke: #afb8c1; stroke-dasharray: 2 4; }
.one { stroke: #57606a; }
.bar { fill: #0969da; }
.missed { fill: #bc4c00; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .small { fill: #9198a1; }
  .tick { stroke: #3d444d; }
  .one { stroke: #9198a1; }
  .bar { fill: #4493f8; }
  .missed { fill: #f0883e; }
}
</style>
${[...ticks, ...bars].join('\n')}
</svg>
`;
}

function escapeXml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
