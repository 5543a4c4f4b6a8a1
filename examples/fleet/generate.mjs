// Writes the logs and the trust documents of a fleet to examples/fleet/generated/, the same in every run:
//
//   npm run build && node examples/fleet/generate.mjs [FOLDER]
//
// The gate of @certgate/core decides each call and writes its lines, at the time of the story.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ReportingGate, trustStoreFromDocument } from '@certgate/core';
import { hash, makeCertificate, shortenKey } from './certificates.mjs';
import { calling, createDocuments } from './documents.mjs';
import * as story from './story.mjs';

const hour = 3_600_000;
const day = 24 * hour;
const { at, createChance } = story;
/** The days of November on which an instance may be replaced by another. */
const days = Array.from({ length: 29 }, (_, index) => index + 1).filter((each) => each !== 19);
const documents = createDocuments();
const stores = { earlier: createStore(documents.earlier), trust: createStore(documents.trust) };
const signedBy = [shortenKey('trust signing')];
const stranger = makeCertificate({ name: 'scanner', begin: '2026-06-01T00:00:00Z', end: '2027-06-01T00:00:00Z' });

// The clock of the story. It sets the times of calls, of log lines, and of the lines that the gate writes by a timer.
let clock = 0;
let timers = [];
Date.now = () => clock;
performance.now = () => clock;
globalThis.setTimeout = (work, delay) => {
  timers.push({ work, dueAt: clock + delay });
  return { unref: () => undefined };
};

const folder = process.argv[2] ?? fileURLToPath(new URL('generated', import.meta.url));
const lines = [];
for (const app of story.apps) lines.push(...(await runApp(app)));
writeFleet();

function createStore(text) {
  return { store: trustStoreFromDocument(text), revision: JSON.parse(text).revision, sha256: hash(text) };
}

async function runApp(app) {
  const told = story.appStories[app.name] ?? {};
  if (told.isWithoutLines) return [];
  const written = [];
  const calls = listCalls(app, told).sort((first, second) => first.time - second.time);
  for (const instance of listInstances(app, told)) {
    const own = calls.filter(({ time, pick }) => instance.begin <= time && time < instance.end && instance.has(pick));
    await runInstance(app, told, instance, own, (level, text) => {
      written.push({ app: app.name, instance: instance.name, time: clock, level, text: nameProcess(text, instance) });
    });
  }
  return written.filter(({ time, level }) => isKept(told, time, level));
}

/**
 * Gives the lines of each instance their own `process`. This script writes all lines in one process, but in the story
 * each instance is a process.
 */
function nameProcess(text, { name }) {
  return text.replace(/"process":"\w+"/, `"process":"${hash(name).slice(0, 16).toLowerCase()}"`);
}

/** Whether a line reaches the log. `window`, `missingDay` and the story of the app say which lines don't. */
function isKept({ isRaw, isWithoutInformation, silentFrom = Infinity }, time, level) {
  const { begin, end } = story.missingDay;
  const isMissing = isRaw !== true && begin <= time && time < end;
  const isTold = level !== 'Information' || isWithoutInformation !== true;
  return story.window.begin <= time && time < story.window.end && time < silentFrom && !isMissing && isTold;
}

/**
 * The instances of an app: one after another, and in some apps two at a time. Each runs a gate of its own, whose counts
 * begin anew.
 */
function listInstances({ name }, { isRestartedDaily }) {
  const chance = createChance(`instances of ${name}`);
  const begin = at(-1, Math.floor(chance() * 24));
  // No instance is replaced on the missing day, because nobody would see its start line.
  const renewals = isRestartedDaily
    ? days.map((each) => at(each, 2))
    : [at(days[Math.floor(chance() * days.length)], Math.floor(chance() * 24), 30)];
  const copies = chance() < 0.15 ? 2 : 1;
  const bounds = [begin, ...renewals, story.window.end];
  return bounds.slice(0, -1).flatMap((start, index) =>
    Array.from({ length: copies }, (_, copy) => ({
      name: hash(`${name} ${index} ${copy}`).slice(0, 12).toLowerCase(),
      begin: start,
      end: bounds[index + 1],
      has: (pick) => Math.floor(pick * copies) === copy,
    })),
  );
}

async function runInstance(app, told, { name, begin, end }, calls, write) {
  clock = begin;
  timers = [];
  const log = (line) => write('Information', line);
  const warn = (line) => write('Warning', line);
  const options = { trustStore: createTrustStore(told), decisionLog: told.decisionLog ?? 'all' };
  const describe = () => ({ host: 'functions', frontEnd: 'app-service', closed: app.functions, open: ['Health'] });
  const gate = new ReportingGate(options, describe, warn);
  // While the gate starts, there is no call whose context could take its lines, so it writes them to the console.
  const { info, warn: toConsole } = console;
  Object.assign(console, { info: log, warn });
  await gate.start(undefined);
  Object.assign(console, { info, warn: toConsole });
  for (const [index, { time, certificate, functionName }] of calls.entries()) {
    runTimers(time);
    clock = time;
    const requirement = { functionName, roles: [] };
    const about = { method: /^(?:Get|List)/.test(functionName) ? 'GET' : 'POST', route: functionName };
    const invocationId = toUuid(hash(`${app.name} ${name} ${index}`));
    const decision = await gate.decideHeader(certificate, requirement, time);
    gate.report({ subject: { functionName, invocationId, about, log, warn }, requirement }, { decision, now: time });
  }
  runTimers(end);
}

function runTimers(until) {
  const due = timers.filter(({ dueAt }) => dueAt <= until);
  timers = timers.filter(({ dueAt }) => dueAt > until);
  for (const { work, dueAt } of due) {
    clock = dueAt;
    work();
  }
}

/**
 * The trust store of an app. It reads the document that was in use at the time of the story, or the earlier one if it
 * only has its mirror, and reports where that document came from.
 */
function createTrustStore({ reads }) {
  const isOfMirror = reads === 'mirror';
  const present = () => (isOfMirror || clock < story.documentChanges ? stores.earlier : stores.trust);
  const fault = isOfMirror ? 'the storage answered 403 AuthorizationFailure' : undefined;
  const mirror = { description: 'file trust.json', isInUse: true, fault: undefined };
  return {
    find: (certificate, now) => present().store.find(certificate, now),
    report: () => ({
      description: 'blob https://fleet.blob.core.windows.net/trust/trust.json',
      revision: present().revision,
      sha256: present().sha256,
      ageMilliseconds: clock % 30_000,
      warnings: [],
      fault,
      ...(isOfMirror ? { mirror, failure: 'unreachable' } : {}),
      signedBy,
    }),
  };
}

function listCalls(app, { idleFrom = Infinity, strangers = [] }) {
  const certificate = stranger.base64;
  const unknown = strangers.map((time) => ({ time, pick: 0, certificate, functionName: app.functions[0] }));
  const known = story.callers.flatMap((caller) => listCallsOf(caller, app));
  return [...unknown, ...known].filter(({ time }) => time < idleFrom);
}

function listCallsOf({ name }, app) {
  const told = story.callerStories[name] ?? {};
  const { functions, certificates } = calling.get(name);
  const called = functions.filter((each) => app.functions.includes(each));
  return called.flatMap((functionName) => {
    const chance = createChance(`${name} ${functionName}`);
    return listTimes(told, chance)
      .filter((time) => (told.from ?? 0) <= time && time < (told.until ?? Infinity))
      .map((time) => {
        const certificate = certificates.findLast(({ from }) => from <= time).base64;
        return { time, pick: chance(), certificate, functionName };
      });
  });
}

/**
 * The times of a caller's calls: once a day, three times on workdays, every four hours, or hourly from 8 to 17 on
 * workdays. Callers with `days` call only on those days.
 */
function listTimes({ days }, chance) {
  const [kind, first, minute] = [chance(), Math.floor(chance() * 24), Math.floor(chance() * 50)];
  const all = Array.from({ length: 31 }, (_, index) => index);
  return all.flatMap((each) => {
    const isWorkday = ![0, 6].includes(new Date(at(each)).getUTCDay());
    if (days !== undefined) return days.includes(each) ? [at(each, first, minute)] : [];
    const hours = listHours(kind, first, isWorkday);
    return hours.map((one) => at(each, one, minute) + Math.floor(chance() * 300_000));
  });
}

function listHours(kind, first, isWorkday) {
  if (kind < 0.4) return [first];
  if (kind < 0.7) return isWorkday ? [7, 12, 17] : [];
  if (kind < 0.9) return [0, 4, 8, 12, 16, 20];
  return isWorkday ? [8, 9, 10, 11, 12, 13, 14, 15, 16, 17] : [];
}

function writeFleet() {
  const logs = join(folder, 'logs');
  mkdirSync(logs, { recursive: true });
  for (const [name, text] of Object.entries(documents)) writeFileSync(join(folder, `${name}.json`), text);
  writeFileSync(join(folder, 'apps.txt'), `${story.apps.map(({ name }) => name).join('\n')}\n`);
  lines.sort((first, second) => first.time - second.time);
  const isRaw = ({ app }) => story.appStories[app]?.isRaw === true;
  const rows = lines.filter((line) => !isRaw(line)).flatMap(exportLine);
  writeFileSync(join(logs, 'traces.jsonl'), rows.join(''));
  for (const app of new Set(lines.filter(isRaw).map((line) => line.app))) {
    const own = lines.filter((line) => line.app === app).map(({ time, text }) => `${toTime(time)} ${text}\n`);
    writeFileSync(join(logs, `${app}.log`), own.join(''));
  }
  console.log(
    `${lines.length} lines of ${story.apps.length} apps and ${story.callers.length} callers are in ${folder}.`,
  );
}

/**
 * The line in the form in which Application Insights exports a trace. If the app's lines are sampled, a kept line
 * represents `itemCount` lines, and the others are left out.
 */
function exportLine({ app, instance, time, level, text }, index) {
  const itemCount = story.appStories[app]?.sampling ?? 1;
  if (index % itemCount !== 0) return [];
  const severityLevel = level === 'Warning' ? 2 : 1;
  const names = { cloud_RoleName: app, cloud_RoleInstance: instance };
  return [`${JSON.stringify({ timestamp: toTime(time), message: text, severityLevel, itemCount, ...names })}\n`];
}

function toTime(instant) {
  return new Date(instant).toISOString();
}

function toUuid(digits) {
  return digits
    .slice(0, 32)
    .toLowerCase()
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
