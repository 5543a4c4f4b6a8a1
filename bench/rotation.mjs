// Plays a week in which every caller's certificate changes every hour and its CA twice a day, through the real gate and
// store, with a clock that the script moves. Measures what a decision costs at the end, and what the process remembers.
//
//   node --expose-gc bench/rotation.mjs         the table; exits 1 when a goal is missed or anybody was refused
//   node --expose-gc bench/rotation.mjs --json  the same as JSON
//
// It needs what `npm test` builds: `npx tsc -b packages/core`.
import { arch, cpus, loadavg } from 'node:os';
import { RotatingCallers } from '../packages/core/dist/esm/test-support/rotating-callers.js';

if (globalThis.gc === undefined) throw new Error('Run it with --expose-gc: it compares what is in use.');

const count = 40;
const hours = 7 * 24;
const warmRounds = 10;
/** The most entries of the gate's memory. Once it is full, the heap may grow by 5 % at most. */
const rememberedAtMost = 4096;
const minute = 60_000;

const callers = new RotatingCallers(count);
await callers.start();
// The samples are typed arrays, so that they are not on the heap whose growth is compared.
const newSamples = (size) => ({ hours: new Uint8Array(size), microseconds: new Float64Array(size), length: 0 });
const sightings = count * hours;
const kinds = { first: newSamples(sightings), again: newSamples(sightings), warm: newSamples(sightings * warmRounds) };
const heap = [];
for (let hour = 0; hour < hours; hour += 1) {
  if (hour > 0) callers.pass(59 * minute);
  // This call makes the store read the document before the measurement. An app's store reads it besides the calls.
  await callers.decide(callers.headers[0]);
  await decideAll('first', hour, 1);
  await decideAll('warm', hour, warmRounds);
  callers.pass(minute);
  await callers.decide('none');
  await decideAll('again', hour, 1);
  globalThis.gc();
  heap.push({ certificates: callers.issued, bytes: process.memoryUsage().heapUsed });
}
report();

async function decideAll(kind, hour, rounds) {
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, header] of callers.headers.entries()) {
      // The call above already asked about the first caller.
      if (kind === 'first' && index === 0) continue;
      const began = process.hrtime.bigint();
      const decision = await callers.decide(header);
      const microseconds = Number(process.hrtime.bigint() - began) / 1000;
      if (decision.outcome !== 'allowed') throw new Error(`hour ${hour}: ${decision.code}: ${decision.detail}`);
      if (decision.identity.name !== callers.names[index]) throw new Error(`hour ${hour}: ${decision.identity.name}`);
      const samples = kinds[kind];
      samples.hours[samples.length] = hour;
      samples.microseconds[samples.length++] = microseconds;
    }
  }
}

function report() {
  const [firstDay, lastDay] = [(hour) => hour < 24, (hour) => hour >= hours - 24];
  const figures = Object.fromEntries(
    Object.entries(kinds).map(([kind, samples]) => [
      kind,
      { firstDay: summarize(samples, firstDay), lastDay: summarize(samples, lastDay) },
    ]),
  );
  const full = heap.find(({ certificates }) => certificates > rememberedAtMost);
  const last = heap.at(-1);
  const { first, warm, again } = figures;
  const goals = [
    [
      'a first sight on the last day costs at most 1.25 of one on the first',
      first.lastDay.median / first.firstDay.median,
      1.25,
    ],
    ['a second look, after a minute, at most 1.1 of a first sight', again.lastDay.median / first.lastDay.median, 1.1],
    [
      '99 of 100 remembered decisions at most 0.1 of a first sight',
      warm.lastDay.percentile99 / first.lastDay.median,
      0.1,
    ],
    ['what is in use at the end, of what was when the memory was full, at most 1.05', last.bytes / full.bytes, 1.05],
  ].map(([goal, measured, limit]) => ({ goal, measured, limit, isMet: measured <= limit }));
  if (goals.some(({ isMet }) => !isMet)) process.exitCode = 1;
  const result = {
    certificates: callers.issued,
    decisions: Object.values(kinds).reduce((sum, { length }) => sum + length, 0),
    figures,
    heapMegabytes: { atStart: heap[0].bytes / 1e6, whenFull: full.bytes / 1e6, atEnd: last.bytes / 1e6 },
    goals,
    node: process.version,
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${arch()}, load ${loadavg()[0]?.toFixed(1) ?? '?'}`,
  };
  if (process.argv.includes('--json')) console.log(JSON.stringify(result, undefined, 2));
  else print(result);
}

function summarize(samples, isOfDay) {
  const sorted = samples.microseconds
    .subarray(0, samples.length)
    .filter((_, index) => isOfDay(samples.hours[index]))
    .sort();
  return { median: sorted[Math.floor(sorted.length / 2)], percentile99: sorted[Math.floor(sorted.length * 0.99)] };
}

function print({ certificates, decisions, figures, heapMegabytes, goals, node, machine }) {
  console.log(`${node}, ${machine}`);
  console.log(`${count} callers, ${hours} hours, ${certificates} certificates, ${decisions} decisions\n`);
  console.log('µs, median (99th percentile)      first day            last day');
  for (const [label, { firstDay, lastDay }] of [
    ['first sight', figures.first],
    ['second look, after a minute', figures.again],
    ['remembered', figures.warm],
  ])
    console.log(`${label.padEnd(30)} ${format(firstDay)} ${format(lastDay)}`);
  const { atStart, whenFull, atEnd } = heapMegabytes;
  console.log(
    `\nheap in use, MB: ${atStart.toFixed(1)} after an hour, ${whenFull.toFixed(1)} when the memory was full, ${atEnd.toFixed(1)} at the end\n`,
  );
  for (const { goal, measured, limit, isMet } of goals)
    console.log(`${isMet ? 'met   ' : 'MISSED'} ${measured.toFixed(3)} (${limit}): ${goal}`);
}

function format({ median, percentile99 }) {
  return `${median.toFixed(1)} (${percentile99.toFixed(1)})`.padStart(20);
}
