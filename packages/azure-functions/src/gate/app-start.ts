import { type Denial, deny, describeFault, readMember, warnAtStart, CertgateError } from '@certgate/core';
import { type ObservationClock, OpeningNotice } from './deferral.js';
import { describeHiddenMcp, describeWebhooks, lateDetail } from './fault-texts.js';
import type { FunctionCoverage, RegisteredFunction } from './shared-state.js';
import type { WorkerCore } from './worker-core.js';

/** What the start of an app needs of its gate. */
export interface StartingGate {
  readonly core: WorkerCore | undefined;
  readonly coverage: FunctionCoverage;
  readonly clock: ObservationClock;
  /** Judges the programming model. */
  readonly checkModel: () => void;
  /** Whether the model hides the headers of MCP calls. */
  readonly hidesMcpHeaders: () => boolean;
  /** Rejects when the trust is not valid. */
  readonly loadTrust: () => Promise<void>;
}

/**
 * The start of an app, or of its gate alone where `secureApp` came late: tells the operator what stands in the way, and loads
 * trust. What must keep the app from being called at all is kept here.
 */
export class AppStart {
  readonly #gate: StartingGate;
  readonly #openings: OpeningNotice;
  /** MCP functions of which it was said that every call is refused. */
  readonly #refusedMcp = new Set<string>();
  #isBegun = false;
  #failure: Denial | undefined;

  constructor(gate: StartingGate) {
    this.#gate = gate;
    this.#openings = new OpeningNotice(gate.clock);
  }

  /** Set: every call of an HTTP or MCP function is refused, of open functions too. */
  get failure(): Denial | undefined {
    return this.#failure;
  }

  /** Of a function that nobody may call: after a failure all, else those with an unknown MCP trigger. */
  denyAll(functionName: string): Denial {
    return this.#failure ?? deny('certificate_missing', { problem: 'mcp_trigger_unknown', functionName });
  }

  /** The app may have caught the error, or the worker may go on in spite of it. */
  fail(error: unknown): void {
    this.#failure = deny('gate_setup_failed', { fault: describeFault(error) });
    warnAtStart('gate_setup_failed', this.#failure.detail);
  }

  async begin(): Promise<void> {
    if (this.#isBegun) return;
    this.#isBegun = true;
    this.#gate.checkModel();
    this.noteAll();
    if (this.#failure !== undefined) return;
    this.#nameWebhooks();
    await this.#gate.loadTrust();
  }

  #nameWebhooks(): void {
    const names = [...this.#gate.coverage.functions.values()].flatMap((registered) => {
      const webhook = readMember(registered, 'webhook');
      return typeof webhook === 'string' ? [`"${registered.name}" (${webhook})`] : [];
    });
    if (names.length > 0) warnAtStart('webhook_functions', describeWebhooks(names));
  }

  /**
   * Where the app is running: at every invocation, since nothing else tells it everywhere. Nobody waits for the load, and a
   * rejection that nobody handles would end the worker.
   */
  beginLate(): void {
    if (this.#isBegun) return;
    if (this.#failure === undefined) warnAtStart('gate_late', lateDetail);
    this.begin().catch((error: unknown) => {
      if (this.#failure !== undefined) return;
      const refused = 'Calls of closed functions are refused with 503 until the trust is valid';
      warnAtStart('trust_unavailable', `${refused}: ${describeFault(error)}`);
    });
  }

  noteAll(): void {
    for (const registered of this.#gate.coverage.functions.values()) this.note(registered);
  }

  /** @throws {CertgateError} for a function that can't be closed; then every function is. */
  note(registered: RegisteredFunction): void {
    if (!this.#isBegun || this.#failure !== undefined) return;
    if (this.#isUnserved(registered)) {
      const error = new CertgateError('CERTGATE_FUNCTION_UNSUPPORTED', describeUnserved(registered.name));
      this.fail(error);
      throw error;
    }
    this.#openings.give(registered);
    const { name, kind } = registered;
    const isRefused = kind === 'unknown-mcp' || (kind === 'mcp' && this.#gate.hidesMcpHeaders());
    if (!isRefused || this.#refusedMcp.has(name)) return;
    this.#refusedMcp.add(name);
    warnAtStart('mcp_trigger', kind === 'mcp' ? describeHiddenMcp(name) : this.denyAll(name).detail, {
      function: name,
    });
  }

  /**
   * The worker starts with a programming model of version 3. It calls a handler with the context first and, where that
   * returns no promise, waits for a call of `context.done`: callers of a wrapped handler would wait without end. The worker
   * tells that model by the same two members (Azure/azure-functions-nodejs-worker, startApp.ts).
   */
  #isUnserved({ kind }: RegisteredFunction): boolean {
    // Others have no wrapper.
    if (kind === 'other') return false;
    const model = this.#gate.core?.getProgrammingModel?.();
    return model?.name === '@azure/functions' && String(model.version).startsWith('3.');
  }
}

/**
 * Whether the start is over: the worker has asked the library for its capabilities, and since then `setup` throws. Before
 * that, options without a member set nothing (@azure/functions 4.16.5, setup.ts); where streaming is on, the library writes
 * a line for debugging. A copy of the library that the worker has not asked never says so: there, the first invocation tells
 * that the gate was not started.
 */
export function isStartOver(app: object): boolean {
  const setup = readMember(app, 'setup');
  if (typeof setup !== 'function') return false;
  try {
    // No prototype: a polluted one would switch something on.
    Reflect.apply(setup, app, [Object.create(null)]);
    return false;
  } catch {
    return true;
  }
}

function describeUnserved(name: string): string {
  return `The function "${name}" was registered with registerFunction of @azure/functions-core, and nothing has set the programming model of version 4, so the worker would call its handler as one of version 3. Register it with app.http or app.generic of @azure/functions.`;
}
