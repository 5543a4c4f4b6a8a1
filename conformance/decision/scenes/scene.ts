import { ManualClock } from '@certgate/core/test-support/scripted-source.js';
import type { Decision } from '@certgate/core';
import { type Answer, type Call, decide, type Store } from '../reference/decision.js';
import { day, getPool, hour, type Made, start } from './certificates.js';
import { changeDraft, type Draft, makeDraft, makeListDraft, renameAuthority } from './documents.js';
import { sendBy, sendWithChain } from './front-end-writers.js';
import type { GateUnderTest } from './gate.js';
import { ListPlan } from './list-plan.js';
import { Random } from './random.js';
import { describeAnswer, describeDraft, describeIdentity, describeList, listOrders, nextTurn } from './scene-labels.js';
import { SceneStore } from './scene-store.js';
import { addressDraft, chooseOptions } from './store-options.js';
import { respell } from './spellings.js';

/** A scene in which the gate and the reference give different answers, with the steps that led there. */
export interface Difference {
  readonly seed: number;
  readonly gate: string;
  readonly reference: string;
  readonly history: readonly string[];
}

interface AskedGate {
  readonly gate: InstanceType<GateUnderTest['AccessGate']>;
  readonly label: string;
  /**
   * The latest refusals, by certificate, and also by front end if a chain comes with it. The gate may repeat a refusal
   * for half a minute.
   */
  readonly refusals: Map<string, { readonly code: string; readonly at: number; readonly version: string }>;
}

const refusalLifetime = 30_000;

/**
 * Runs the scene of a seed. Undefined if the gate gave every answer of the reference. Adds to `codes` how often each
 * code occurred.
 */
export async function runScene(
  seed: number,
  gate: GateUnderTest,
  codes: Map<string, number> = new Map(),
): Promise<Difference | undefined> {
  return new Scene(seed, gate, codes).run();
}

class Scene {
  readonly #seed: number;
  readonly #random: Random;
  readonly #renames: Random;
  readonly #spellings: Random;
  readonly #additions: Random;
  readonly #gate: GateUnderTest;
  readonly #codes: Map<string, number>;
  readonly #clock = new ManualClock(start);
  readonly #history: string[] = [];
  readonly #focus: readonly Made[];
  /**
   * The chain that comes with each certificate. It is always the same, because the gate remembers an admission without
   * the chain.
   */
  readonly #chains = new Map<Made, readonly Made[]>();
  readonly #stores: readonly SceneStore[];
  readonly #drafts: Draft[];
  readonly #gates: readonly AskedGate[];
  readonly #isAboutLists: boolean;
  readonly #lists: ListPlan;

  constructor(seed: number, gate: GateUnderTest, codes: Map<string, number>) {
    this.#seed = seed;
    this.#random = new Random(seed);
    // Numbers of their own for later additions, so that the seeds in faults.ts still lead to the same scenes.
    this.#renames = new Random(seed ^ 0x5eed);
    this.#spellings = new Random(seed ^ 0x5be11);
    this.#additions = new Random(seed ^ 0xadd5);
    this.#gate = gate;
    this.#codes = codes;
    this.#isAboutLists = this.#random.chance(0.3);
    this.#focus = this.#chooseFocus();
    this.#lists = new ListPlan(this.#random, this.#focus, this.#random.chance(this.#isAboutLists ? 0.5 : 0.2));
    const count = this.#random.pick([1, 1, 1, 1, 1, 1, 2, 2, 2, 3]);
    const functions = this.#random.pick([undefined, undefined, undefined, ['GetOrder'], ['getorder', 'List']]);
    const usual = {
      name: 'billing',
      roles: this.#random.pick([[], ['reader'], ['reader', 'writer']]),
      ...(functions === undefined ? {} : { functions }),
    };
    this.#drafts = Array.from({ length: count }, () =>
      this.#isAboutLists ? makeListDraft(this.#random, usual) : makeDraft(this.#random, this.#focus, usual),
    );
    const stores: SceneStore[] = [];
    for (const draft of this.#drafts) {
      respell(this.#spellings, draft);
      addressDraft(this.#additions, draft);
      const options = chooseOptions(this.#additions);
      const content = this.#random.chance(0.05) ? 'unreachable' : draft;
      stores.push(new SceneStore(gate, this.#clock, content, this.#lists.place(draft), { options, all: stores }));
      this.#note(`store ${stores.length - 1}: ${Object.keys(options).join(', ') || 'no options'}`);
    }
    this.#stores = stores;
    this.#gates = listOrders(this.#stores).map((stores) => this.#createGate(stores));
    this.#note(`callers ${this.#focus.map(({ label }) => label).join(', ')}`);
    for (const [index, { content, lists }] of this.#stores.entries()) {
      this.#note(`store ${index}: document ${typeof content === 'string' ? content : describeDraft(content)}`);
      for (const list of lists) this.#note(`store ${index}: ${describeList(list)}`);
    }
  }

  async run(): Promise<Difference | undefined> {
    for (const { store } of this.#stores) store.start().catch(() => undefined);
    await this.#settle();
    for (let step = this.#random.below(5) + 4; step > 0; step -= 1) {
      this.#change();
      this.#pass();
      for (let call = this.#random.pick([1, 2, 3]); call > 0; call -= 1) {
        const difference = await this.#call();
        if (difference !== undefined) return difference;
      }
    }
    return undefined;
  }

  /** The certificates of most calls: one with its twin, and some others. */
  #chooseFocus(): readonly Made[] {
    const { callers } = getPool();
    const first = this.#random.pick(
      this.#isAboutLists ? callers.filter(({ label }) => label.endsWith('key')) : callers,
    );
    const twin = callers.filter(({ facts }) =>
      facts.twins.some(({ thumbprintSha256 }) => thumbprintSha256 === first.facts.thumbprintSha256),
    );
    const others = Array.from({ length: this.#random.below(3) }, () => this.#random.pick(callers));
    const below = this.#additions.chance(0.2) ? [this.#additions.pick(getPool().below)] : [];
    return [first, ...twin, ...others, ...below];
  }

  #createGate(stores: readonly SceneStore[]): AskedGate {
    const [single] = stores;
    const trustStore =
      stores.length === 1 && single !== undefined
        ? single.store
        : this.#gate.firstOf(...stores.map(({ store }) => store));
    const label = stores.map((store) => this.#stores.indexOf(store)).join(', ');
    return { gate: new this.#gate.AccessGate({ trustStore }, this.#clock), label, refusals: new Map() };
  }

  #change(): void {
    const random = this.#random;
    const index = random.below(this.#stores.length);
    const store = this.#stores[index];
    const draft = this.#drafts[index];
    if (store === undefined || draft === undefined) return;
    if (random.chance(this.#isAboutLists ? 0.1 : 0.45)) {
      const changed = changeDraft(random, draft, this.#focus);
      if (this.#renames.chance(0.15)) renameAuthority(changed);
      respell(this.#spellings, changed);
      addressDraft(this.#additions, changed);
      if (random.chance(0.1)) changed.revision = Math.max(draft.revision - random.below(2), 0);
      if (changed.revision >= draft.revision) this.#drafts[index] = changed;
      store.content = changed;
      this.#note(`store ${index}: document ${describeDraft(changed)}`);
    } else if (random.chance(0.12)) {
      store.content = random.pick(['unreachable', 'unreachable', 'invalid'] as const);
      this.#note(`store ${index}: document ${store.content}`);
    } else if (typeof store.content === 'string') store.content = draft;
    for (const list of random.some(store.lists, 0.5)) {
      list.content = this.#lists.choose(list);
      this.#note(`store ${index}: ${describeList(list)}`);
    }
  }

  #pass(): void {
    const random = this.#random;
    if (random.chance(0.08)) this.#clock.set(this.#clock.wall() - random.pick([500, 5_000, hour, day]));
    else if (random.chance(0.1)) this.#clock.sleep(random.pick([20_000, hour, day]));
    else
      this.#clock.pass(
        random.pick([
          0,
          1_000,
          20_000,
          31_000,
          31_000,
          62_000,
          62_000,
          10 * 60_000,
          hour,
          3 * hour,
          day,
          2 * day,
          5 * day,
        ]),
      );
    // Sets the clock to a whole hour, or 1 ms off, because the windows of documents begin and end at whole hours.
    if (random.chance(0.3)) this.#clock.set(Math.round(this.#clock.wall() / hour) * hour + random.pick([-1, 0, 0, 1]));
    this.#note(`it is ${new Date(this.#clock.wall()).toISOString()}`);
  }

  #chooseChain(made: Made): readonly Made[] {
    const random = this.#additions;
    const { forwarded, authorities, below } = getPool();
    const others = random.some([...authorities, made], 0.2);
    const isSent = random.chance(below.includes(made) ? 0.9 : 0.25);
    const chain = isSent ? random.shuffle([...random.some(forwarded, 0.6), ...others]) : [];
    const known = this.#chains.get(made) ?? chain;
    this.#chains.set(made, known);
    return known;
  }

  async #call(): Promise<Difference | undefined> {
    const random = this.#random;
    const usual = random.chance(0.93) ? random.pick(this.#focus) : random.pick(getPool().callers);
    const made = this.#additions.chance(0.05) ? this.#additions.pick(getPool().below) : usual;
    const chain = this.#chooseChain(made);
    const plain = sendBy(random, made.der);
    const sent =
      chain.length === 0
        ? plain
        : sendWithChain(
            this.#additions,
            made.der,
            chain.map(({ der }) => der),
          );
    const functionName = random.pick(['GetOrder', 'list', 'other']);
    const roles = random.pick([[], [], [['reader']], [['writer', 'admin']], [['reader'], ['writer']]]);
    const reader = new this.#gate.RequestReader(this.#gate.findFrontEnd(sent.frontEnd), undefined, chain.length > 0);
    const extraction = reader.read((name) => sent.fields[name]);
    const company = chain.map(({ label }) => label).join(', ');
    const what = `${made.label} calls ${functionName} ${JSON.stringify(roles)} by ${sent.frontEnd} with [${company}]`;
    const answers: string[] = [];
    let difference: Difference | undefined;
    for (const asked of this.#gates) {
      const decision = await this.#await(
        asked.gate.decideExtracted(extraction, { functionName, roles }, this.#clock.wall()),
      );
      const stores = this.#stores.map((store) => store.describe());
      const call: Call = {
        caller: sent.code ?? made.facts,
        chain: chain.map(({ facts }) => facts),
        functionName,
        roles,
        now: this.#clock.wall(),
      };
      const answer = decide(stores, call);
      if (asked === this.#gates[0]) this.#codes.set(answer.code, (this.#codes.get(answer.code) ?? 0) + 1);
      const ofGate = decision.outcome === 'allowed' ? describeIdentity(decision.identity) : decision.code;
      const ofReference = describeAnswer(answer);
      answers.push(ofGate);
      const isRepeated =
        decision.outcome === 'denied' &&
        this.#isRepeated(
          asked,
          chain.length === 0 ? made.label : `${made.label} ${sent.frontEnd}`,
          decision.code,
          sent.code,
        );
      const isFresh = sent.code !== undefined || this.#stores.every((store) => store.isFresh);
      const isSame = ofGate === ofReference || this.#isSameRefusal(decision, answer, stores, call);
      if ((!isSame && !isRepeated) || !isFresh) {
        const detail = decision.outcome === 'denied' ? decision.detail : '';
        difference ??= {
          seed: this.#seed,
          gate: `${ofGate} (order ${asked.label}; ${detail})`,
          reference: isFresh ? ofReference : 'the content is too old',
          history: [...this.#history, `${what}: here`],
        };
      }
    }
    this.#note(`${what}: ${answers.join()}`);
    await this.#settle();
    return difference;
  }

  /**
   * Whether two different refusals agree. With several stores, the code depends on the store that refuses first. The
   * status does so too, if the stores know the certificate in different ways and one of them is unsure now. With one
   * store, the gate may first report that a pin, whose authority doesn't vouch for it, and a name belong to different
   * identities.
   */
  #isSameRefusal(decision: Decision, answer: Answer, stores: readonly Store[], call: Call): boolean {
    if (decision.outcome === 'allowed' || answer.status === 200) return false;
    const status = this.#gate.getPublicStatus(decision.code);
    const isAmbiguous = [decision.code, answer.code].includes('identity_ambiguous');
    if (this.#stores.length === 1) return isAmbiguous && status === answer.status;
    if (status === answer.status || isAmbiguous) return true;
    // While a store has no document, the others need not ask about the twin, and may refuse for good by what they know.
    const { caller } = call;
    if (typeof caller === 'string') return false;
    const known = stores.filter(({ document }) => document !== undefined);
    return [decide(stores, { ...call, caller: { ...caller, twins: [] } }), decide(known, call)].some(
      (each) => each.status === status,
    );
  }

  #isRepeated({ refusals }: AskedGate, caller: string, code: string, ofHeader: string | undefined): boolean {
    if (ofHeader !== undefined) return false;
    const at = this.#clock.wall();
    const version = this.#stores.map(({ store }) => store.version).join();
    const before = refusals.get(caller);
    if (before?.code === code && before.version === version && at >= before.at && at < before.at + refusalLifetime)
      return true;
    refusals.set(caller, { code, at, version });
    return false;
  }

  /** Settles a decision. If it waits for readings, they arrive first. Readings in the background arrive after it. */
  async #await<T>(decision: T | Promise<T>): Promise<T> {
    if (!(decision instanceof Promise)) return decision;
    const waiting = this.#stores.filter(({ store }) => store.version === undefined);
    const state = { isSettled: false };
    const settle = (): void => {
      state.isSettled = true;
    };
    decision.then(settle, settle);
    for (let turn = 0; turn < 1_000; turn += 1) {
      await nextTurn();
      if (state.isSettled) return decision;
      for (const store of waiting) store.answer();
    }
    throw new Error(`Scene ${this.#seed}: the gate did not answer.`);
  }

  async #settle(): Promise<void> {
    for (let quiet = 0; quiet < 3;) {
      quiet = this.#stores.some((store) => store.isReading) ? 0 : quiet + 1;
      for (const store of this.#stores) store.answer();
      await nextTurn();
    }
  }

  #note(text: string): void {
    this.#history.push(text);
  }
}
