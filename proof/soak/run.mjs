// npm run prove -- soak [--minutes 30]: compares a live gate with the reference decision. Callers come by HTTP through
// every front end, while documents and lists change, their places fail, and the clock is put forward and back. Each
// answer must be one that the reference gives with a document and lists that can be in use at that time.
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request as requestHttp } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { getPublicStatus } from '@certgate/core';
import { frontEndNames } from '@certgate/core/internal';
import { decide } from '../../conformance/decision/dist/reference/decision.js';
import { day, getPool, hour, start } from '../../conformance/decision/dist/scenes/certificates.js';
import { changeDraft, makeDraft, makeListDraft } from '../../conformance/decision/dist/scenes/documents.js';
import { sendBy } from '../../conformance/decision/dist/scenes/front-end-writers.js';
import { rememberSignatures } from '../../conformance/decision/dist/scenes/gate.js';
import { ListPlan } from '../../conformance/decision/dist/scenes/list-plan.js';
import { Random } from '../../conformance/decision/dist/scenes/random.js';
import { describeRun, writeResult } from '../run-record.mjs';
import { DocumentPlace, forgetDocuments, ListPlace, startPublisher } from './places.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    print: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
const random = new Random(Number(values.seed));
const run = describeRun(`npm run prove -- soak --minutes ${values.minutes}`);
const secret = 'the-secret-of-the-soak-which-nobody-else-has';
/** The header of App Service is left out, because a gate outside Azure must never trust it. */
const frontEnds = frontEndNames.filter((name) => name !== 'app-service');
const episodeMilliseconds = 45_000;
const refusalLifetime = 31_000;
const heapLimit = 8 * 2 ** 20;

const clock = {
  skew: start - Date.now(),
  instant: () => ({ real: Date.now(), wall: Date.now() + clock.skew }),
};
const counts = { decisions: 0, exact: 0, withinRefresh: 0, repeatedRefusals: 0, episodes: 0, clockChanges: 0 };
const injected = {};
const codes = {};
const wrong = [];

class GateProcess {
  #child;
  #port;
  #agent = new Agent({ keepAlive: true, maxSockets: 8 });

  async start() {
    const script = fileURLToPath(new URL('gate-process.mjs', import.meta.url));
    this.#child = fork(script, { execArgv: ['--expose-gc'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#child.on('exit', (code) => {
      if (this.#port !== undefined && !this.isClosed) wrong.push(`The gate's process ended with ${code}.`);
    });
    this.#port = (await this.#receive()).port;
  }

  async tell(verb, given = {}) {
    const answer = this.#receive();
    this.#child.send({ verb, ...given });
    return answer;
  }

  #receive() {
    return new Promise((resolve) => this.#child.once('message', resolve));
  }

  ask({ frontEnd, fields }) {
    return new Promise((resolve, reject) => {
      const headers = { ...fields, 'x-certgate-front-end-secret': secret };
      const options = {
        port: this.#port,
        host: '127.0.0.1',
        path: `/${frontEnd}`,
        headers,
        agent: this.#agent,
        timeout: 30_000,
      };
      const request = requestHttp(options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode, text }));
      });
      request.on('error', reject).on('timeout', () => request.destroy(new Error('no answer within 30 s')));
      request.end();
    });
  }

  close() {
    this.isClosed = true;
    this.#agent.destroy();
    this.#child.disconnect();
  }
}

/** One set of stores and gates, with the documents and lists that are published for them. */
class Episode {
  #publisher;
  #gate;
  #focus;
  #refusals = new Map();
  #stores;
  #plan;
  #isPaused = false;
  #inFlight = 0;

  constructor(publisher, gate, folder, number) {
    this.#publisher = publisher;
    this.#gate = gate;
    const { callers } = getPool();
    this.#focus = Array.from({ length: 6 }, () => random.pick(callers));
    this.#plan = new ListPlan(random, this.#focus, false);
    const usual = { name: 'billing', roles: random.pick([[], ['reader'], ['reader', 'writer']]) };
    this.#stores = random
      .pick([['file'], ['url'], ['blob'], ['url', 'file'], ['file', 'blob'], ['blob', 'url']])
      .map((kind, index) => {
        const hasLists = kind !== 'file' && random.chance(0.6);
        const draft = hasLists ? makeListDraft(random, usual) : makeDraft(random, this.#focus, usual);
        const path = `/${number}/${index}/trust.json`;
        const address = kind === 'file' ? join(folder, `${number}-${index}.json`) : `${publisher.origin}${path}`;
        const place = new DocumentPlace({ kind, address, clock });
        if (kind !== 'file') publisher.places.set(path, place);
        const lists = hasLists ? [this.#placeLists(draft, `/${number}/${index}/corp.crl`)] : [];
        place.publish(draft);
        return { place, lists, draft };
      });
  }

  #placeLists(document, path) {
    const list = new ListPlace({ authority: 'corp', document, clock });
    list.content = this.#plan.choose({ authority: 'corp', name: '0' }, 0);
    list.url = `${this.#publisher.origin}${path}`;
    this.#publisher.places.set(path, list);
    return list;
  }

  get reads() {
    return this.#stores.reduce(
      (sum, { place, lists }) => sum + place.reads + lists.reduce((all, { reads }) => all + reads, 0),
      0,
    );
  }

  async run(until) {
    clock.skew = start - Date.now();
    await this.#gate.tell('setClock', { skew: clock.skew });
    const stores = this.#stores.map(({ place: { kind, address }, lists }) => ({
      kind,
      address,
      lists: lists.map(({ authority, url }) => ({ authority, url })),
    }));
    await this.#gate.tell('open', { stores, frontEnds, frontEndSecret: secret });
    const callers = Array.from({ length: 4 }, () => this.#call(until));
    while (Date.now() < until) {
      await sleep(Math.min(2000 + random.below(3500), Math.max(until - Date.now(), 0)));
      if (Date.now() < until) await this.#change();
    }
    await Promise.all(callers);
    for (const path of this.#publisher.places.keys()) this.#publisher.places.delete(path);
  }

  async #change() {
    const store = random.pick(this.#stores);
    if (random.chance(0.15)) return this.#changeClock();
    if (store.lists.length > 0 && random.chance(0.35)) return this.#changeList(random.pick(store.lists));
    const kinds = ['unreachable', 'hanging', 'invalid', 'older'];
    if (random.chance(0.3)) {
      const kind = random.pick(kinds);
      injected[`document ${kind}`] = (injected[`document ${kind}`] ?? 0) + 1;
      const older = { ...store.draft, revision: store.draft.revision - 1 };
      return store.place.publish(kind === 'older' ? older : kind);
    }
    let changed = store.draft;
    for (let count = 1 + random.below(3); count > 0; count -= 1) changed = changeDraft(random, changed, this.#focus);
    // The authorities stay, because the lists of the episode are theirs.
    if (store.lists.length > 0) changed.authorities = store.draft.authorities;
    injected['document changed'] = (injected['document changed'] ?? 0) + 1;
    store.draft = changed;
    return store.place.publish(changed);
  }

  #changeList(list) {
    list.content = random.chance(0.15) ? 'hanging' : this.#plan.choose({ authority: 'corp', name: '0' });
    const kind = typeof list.content === 'string' ? list.content : 'changed';
    injected[`list ${kind}`] = (injected[`list ${kind}`] ?? 0) + 1;
  }

  /** Changes the clock while no call is under way, so that each call has one time. */
  async #changeClock() {
    this.#isPaused = true;
    while (this.#inFlight > 0) await sleep(5);
    const changes = [hour, 3 * hour, day, 2 * day, -5000, -hour, -day];
    const skew = clock.skew + random.pick(changes);
    const wall = Date.now() + skew;
    if (wall > start - 2 * day && wall < start + 35 * day) {
      clock.skew = skew;
      counts.clockChanges += 1;
      await this.#gate.tell('setClock', { skew });
    }
    this.#isPaused = false;
  }

  async #call(until) {
    while (Date.now() < until) {
      await sleep(40 + random.below(80));
      if (this.#isPaused || wrong.length > 20) continue;
      const made = random.chance(0.93) ? random.pick(this.#focus) : random.pick(getPool().callers);
      const sent = sendBy(random, made.der);
      if (!frontEnds.includes(sent.frontEnd)) continue;
      this.#inFlight += 1;
      const from = Date.now();
      try {
        this.#judge(await this.#gate.ask(sent), { made, sent, from, until: Date.now() });
      } catch (error) {
        wrong.push(`${sent.frontEnd}: ${error.message}`);
      }
      this.#inFlight -= 1;
    }
  }

  #judge({ status, text }, { made, sent, from, until }) {
    counts.decisions += 1;
    const caller = sent.code ?? made.facts;
    const answers = this.#listAnswers(caller, from, until);
    const observed = status === 200 ? describe(JSON.parse(text)) : String(status);
    for (const code of answers.keys()) codes[code.split(' ')[0]] = (codes[code.split(' ')[0]] ?? 0) + 1 / answers.size;
    if (this.#stores.some(({ place }) => place.isOverdue))
      wrong.push(`A document was not read: ${JSON.stringify(this.#describe(from))}`);
    const key = `${sent.frontEnd} ${made.label} ${sent.code}`;
    const state = this.#stores
      .map(({ place, lists }) => [place.stateKey, ...lists.map(({ stateKey }) => stateKey)].join())
      .join(' ');
    const possible = [...answers.values()];
    const isSame = possible.some((answer) => isAlike(observed, answer, this.#stores.length));
    if (isSame) counts[answers.size === 1 ? 'exact' : 'withinRefresh'] += 1;
    const before = this.#refusals.get(key);
    const wall = until + clock.skew;
    // The gate may repeat a refusal for half a minute.
    const isRepeated =
      status !== 200 &&
      before?.state === state &&
      before.status === status &&
      wall >= before.wall &&
      wall < before.wall + refusalLifetime;
    if (!isSame && isRepeated) counts.repeatedRefusals += 1;
    else if (!isSame)
      wrong.push(
        `${key}: the gate says ${observed}, the reference ${[...answers.keys()].join(' or ')} ${JSON.stringify(this.#describe(from))}`,
      );
    if (isSame && status !== 200) this.#refusals.set(key, { state, status, wall });
  }

  #describe(from) {
    return {
      at: new Date(from + clock.skew).toISOString(),
      stores: this.#stores.map(({ place, lists }) => ({
        kind: place.kind,
        readings: place.readings
          .slice(-3)
          .map(({ content, earliest }) => [typeof content === 'string' ? content : content.revision, from - earliest]),
        lists: lists.map(({ content, readings }) => [
          content.label ?? content,
          readings.slice(-2).map(({ earliest }) => from - earliest),
        ]),
      })),
    };
  }

  /**
   * A list replaces another only if its signer is not on a deny list, so each possible set of deny lists is a choice of
   * its own.
   */
  #addDocuments(readings) {
    return readings.reduce(
      (all, reading) => {
        const choices = this.#stores
          .map(({ place }) => place.listDocumentsWhile(reading))
          .reduce((before, documents) => before.flatMap((each) => documents.map((next) => [...each, next])), [[]]);
        const distinct = new Map(choices.map((each) => [JSON.stringify(each.map(({ denied }) => denied)), each]));
        return all.flatMap((before) =>
          [...distinct.values()].map((documents) => [...before, { ...reading, documents }]),
        );
      },
      [[]],
    );
  }

  /** The answers that are possible according to the reference, by their codes. */
  #listAnswers(caller, from, until) {
    const choices = this.#stores.map(({ place, lists }) => {
      const ofLists =
        lists.length === 0
          ? [new Map()]
          : lists[0]
              .listPossible(from, until)
              .flatMap((readings) => this.#addDocuments(readings))
              .map((readings) => new Map([[lists[0].authority, readings]]));
      return place.listPossible(from, until).flatMap((document) => ofLists.map((each) => ({ document, lists: each })));
    });
    const combined = choices.reduce(
      (all, some) => all.flatMap((stores) => some.map((store) => [...stores, store])),
      [[]],
    );
    const answers = new Map();
    for (const stores of combined)
      for (const now of [from + clock.skew, until + clock.skew]) {
        const answer = decide(stores, { caller, functionName: 'GetOrder', roles: [], now });
        answers.set(answer.status === 200 ? describe(answer.identity) : answer.code, answer);
      }
    return answers;
  }
}

function describe({ name, roles }) {
  return `200 ${name} ${[...roles].sort().join(' ')}`;
}

/**
 * Whether the gate's answer agrees with an answer of the reference. If several stores refuse, every refusal agrees,
 * because the first store to refuse decides which one the gate gives. With one store, the statuses must be equal,
 * except that the gate may give that of `identity_ambiguous` if the reference does.
 */
function isAlike(observed, answer, storeCount) {
  if (answer.status === 200) return observed === describe(answer.identity);
  if (observed.startsWith('200')) return false;
  if (!['401', '403', '503'].includes(observed)) return false;
  if (Number(observed) === answer.status) return true;
  return (
    storeCount > 1 ||
    (answer.code === 'identity_ambiguous' && Number(observed) === getPublicStatus('identity_ambiguous'))
  );
}

async function soak() {
  rememberSignatures();
  const folder = mkdtempSync(join(tmpdir(), 'certgate-soak-'));
  const publisher = await startPublisher();
  const gate = new GateProcess();
  await gate.start();
  const begun = Date.now();
  const end = begun + minutes * 60_000;
  const heap = [];
  let reads = 0;
  const measure = async () => {
    const { heapUsed } = await gate.tell('measure');
    heap.push({ minute: Math.round((Date.now() - begun) / 6000) / 10, megabytes: Math.round(heapUsed / 2 ** 17) / 8 });
    return heapUsed;
  };
  let early;
  while (Date.now() < end) {
    const episode = new Episode(publisher, gate, folder, counts.episodes);
    await episode.run(Math.min(Date.now() + episodeMilliseconds, end));
    counts.episodes += 1;
    reads += episode.reads;
    forgetDocuments();
    // Measures the heap. The caches are full after a sixth of the time, so growth is measured from then on.
    const heapUsed = await measure();
    if (early === undefined && Date.now() - begun >= minutes * 10_000) early = heapUsed;
  }
  const late = await measure();
  gate.close();
  publisher.close();
  rmSync(folder, { recursive: true, force: true });
  const growth = late - (early ?? late);
  if (growth > heapLimit) wrong.push(`The heap grew by ${growth} bytes.`);
  return { heap, reads, growth };
}

const { heap, reads, growth } = await soak();
const summary = [
  `${counts.decisions.toLocaleString('en')} calls in ${values.minutes} minutes, by ${frontEnds.length} front ends, over ${counts.episodes} sets of stores; ${wrong.length} wrong.`,
  `${counts.exact.toLocaleString('en')} had one possible answer; ${counts.withinRefresh.toLocaleString('en')} came while a change was on its way, and had one of those before and after it.`,
  `The heap grew by ${(growth / 2 ** 20).toFixed(1)} MiB after the first sixth.`,
];
const rounded = Object.fromEntries(Object.entries(codes).map(([code, count]) => [code, Math.round(count)]));
const result = {
  summary,
  seed: Number(values.seed),
  ...counts,
  documentAndListReads: reads,
  injected,
  codes: rounded,
  heap,
  wrong: wrong.slice(0, 20),
};
for (const text of wrong.slice(0, 20)) console.error(text);
console.log(summary.join(' '));
console.log(values.print ? JSON.stringify(result) : writeResult('soak', run, result));
process.exit(wrong.length === 0 ? 0 : 1);
