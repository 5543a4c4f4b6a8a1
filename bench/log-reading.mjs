// Measures what `certgate trust usage` costs with the logs of many gates: time, and the peak memory of the process.
//
//   node bench/log-reading.mjs                  10 million lines of 60 apps and 400 callers, 4.4 GB in a temporary folder
//   node bench/log-reading.mjs --lines 1000000  as many
//   node bench/log-reading.mjs --envelopes      as rows of JSON, as a diagnostic setting writes them: 9 GB
//   node bench/log-reading.mjs --json           the same as JSON
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '10000000' },
    envelopes: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const lineCount = Number(values.lines);
if (!(Number.isSafeInteger(lineCount) && lineCount > 0))
  throw new Error(`--lines must be a positive number, not ${values.lines}.`);

const appCount = 60;
const callerCount = 400;
const begin = Date.UTC(2027, 0, 1);
const span = 30 * 86_400_000;

/** Hex digits that look random, and differ from number to number. */
function makeDigits(number, length) {
  let digits = '';
  for (let state = Math.imul(number + 1, 2_654_435_761); digits.length < length;) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x297a2d39;
    digits += (state >>> 0).toString(16).padStart(8, '0');
  }
  return digits.slice(0, length);
}

const thumbprints = Array.from({ length: callerCount }, (_, index) => makeDigits(-index - 2, 64).toUpperCase());

/**
 * A log line. 940 in 1,000 lines are admissions, 35 are refusals, 5 are status lines, and 20 don't come from a gate.
 */
function makeLine(index, time) {
  const kind = index % 1000;
  if (kind >= 980) return `Executed 'Functions.Orders' (Succeeded, Duration=${kind}ms)`;
  const start = `{"certgate":1,"event":"${kind >= 975 ? 'status' : 'decision'}","time":"${time}"`;
  const caller = index % callerCount;
  const [identity, thumbprint] = [`partner-${caller}`, thumbprints[caller]];
  const matched = thumbprint.slice(0, 16);
  if (kind >= 975) {
    const counted = { identity, matchedBy: 'thumbprintSha256', matched, first: time, last: time, calls: 25 };
    return `${start},"moment":"hour","since":"${time}","version":"0.1.0","host":"functions","frontEnd":"app-service","trust":[{"source":"file trust.json","revision":2,"ageSeconds":12}],"closed":["Orders","Refund"],"open":[],"locked":false,"denials":{"role_missing":3},"callers":[${JSON.stringify(counted)}]}`;
  }
  const id = makeDigits(index, 32).replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  const document = '"trustRevision":2,"trustSha256":"DC6113A050D7517E"';
  if (kind >= 940)
    return `${start},"outcome":"denied","code":"role_missing","status":403,"function":"Refund","method":"POST","correlationId":"${id}","identity":"${identity}","matched":"${matched}","thumbprintSha256":"${thumbprint}",${document},"detail":"\\"${identity}\\" lacks the role that Refund requires: refunds.write."}`;
  return `${start},"outcome":"allowed","code":"allowed","function":"Orders","method":"GET","route":"orders/{id}","correlationId":"${id}","identity":"${identity}","matchedBy":"thumbprintSha256","matched":"${matched}","thumbprintSha256":"${thumbprint}",${document}}`;
}

function wrap(message, time, app) {
  return JSON.stringify({
    time,
    resourceId:
      '/SUBSCRIPTIONS/00000000-0000-0000-0000-000000000000/RESOURCEGROUPS/APPS/PROVIDERS/MICROSOFT.INSIGHTS/COMPONENTS/APPS',
    Type: 'AppTraces',
    AppRoleName: app,
    AppRoleInstance: `${app}-1`,
    SDKVersion: 'azurefunctions: 4.1044.400',
    ItemCount: 1,
    Message: message,
    SeverityLevel: '1',
    Properties: { Category: 'Function.Orders.User', LogLevel: 'Information', ProcessId: '64' },
    OperationName: 'Orders',
  });
}

/** Writes a log for each app. @returns the size of all files in bytes. */
function writeLogs(folder) {
  const paths = Array.from({ length: appCount }, (_, index) => join(folder, `app-${index}.log`));
  for (const [index, path] of paths.entries()) {
    const file = openSync(path, 'w');
    let lines = [];
    for (let line = index; line < lineCount; line += appCount) {
      const time = new Date(begin + Math.floor((line / lineCount) * span)).toISOString();
      const text = makeLine(line, time);
      lines.push(values.envelopes ? wrap(text, time, `app-${index}`) : text);
      if (lines.length < 5000 && line + appCount < lineCount) continue;
      writeSync(file, `${lines.join('\n')}\n`);
      lines = [];
    }
    closeSync(file);
  }
  return paths.reduce((sum, path) => sum + statSync(path).size, 0);
}

/** Writes a trust document with the callers that the log lines name. */
function writeDocument(path) {
  const identities = thumbprints.map((thumbprintSha256, index) => ({
    name: `partner-${index}`,
    roles: [],
    pins: [{ thumbprintSha256 }],
  }));
  writeFileSync(path, JSON.stringify({ schemaVersion: 1, revision: 2, identities }));
}

/** Code that the process loads before the command. At the end it prints the CPU time and the peak memory. */
const reportCosts = `process.on('exit', () => process._rawDebug(JSON.stringify([process.cpuUsage(), process.resourceUsage().maxRSS])))`;

/** Runs the command as a user would, in a process of its own. */
function runUsage(folder, document) {
  const tool = fileURLToPath(new URL('../packages/certgate/bin/certgate.js', import.meta.url));
  const words = ['trust', 'usage', '--store', `file:${document}`, '--log', folder, '--json'];
  const began = performance.now();
  const run = spawnSync(process.execPath, ['--import', `data:text/javascript,${reportCosts}`, tool, ...words], {
    encoding: 'utf8',
    maxBuffer: 1e9,
  });
  const seconds = (performance.now() - began) / 1000;
  if (run.status !== 0) throw new Error(run.stderr);
  const { reading } = JSON.parse(run.stdout);
  const [{ user, system }, maximumKilobytes] = JSON.parse(run.stderr.trim().split('\n').at(-1));
  const sum = (key) => reading.reduce((total, each) => total + each[key], 0);
  if (sum('lines') !== lineCount) throw new Error(`${sum('lines')} of ${lineCount} lines were read.`);
  return {
    lines: sum('lines'),
    records: sum('records'),
    repeated: sum('repeated'),
    uncompared: sum('uncompared'),
    seconds,
    cpuSeconds: (user + system) / 1e6,
    maximumMegabytes: maximumKilobytes / 1024,
  };
}

function measure() {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-bench-logs-'));
  try {
    const { bavail, bsize } = statfsSync(folder);
    if (bavail * bsize < lineCount * 1000) throw new Error(`${tmpdir()} has too little room: 1 kB for each line.`);
    const [document, logs] = [join(folder, 'trust.json'), join(folder, 'logs')];
    writeDocument(document);
    mkdirSync(logs);
    return { gigabytes: writeLogs(logs) / 1e9, ...runUsage(logs, document) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const result = measure();
if (values.json) console.log(JSON.stringify(result, null, 2));
else
  for (const [key, value] of Object.entries(result))
    console.log(`${key.padEnd(18)}${Number(value.toFixed(1)).toLocaleString('en-US')}`);
