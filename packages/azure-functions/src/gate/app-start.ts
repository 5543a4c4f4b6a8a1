import { type Denial, deny, describeFault, readMember, warnAtStart, CertgateError } from '@certgate/core';
import { type ObservationClock, OpeningNotice } from './deferral.js';
import { describeHiddenMcp, describeWebhooks, lateDetail } from './fault-texts.js';
import type { FunctionCoverage, RegisteredFunction } from './shared-state.js';
import type { WorkerCore } from './worker-core.js';

/** What the start of an app needs from its gate. */
export interface StartingGate {
  readonly core: WorkerCore | undefined;
  readonly coverage: FunctionCoverage;
  readonly clock: ObservationClock;
  /** Checks whether the programming model can be gated. */
  readonly checkModel: () => void;
  /** Whether the programming model hides the headers of MCP calls. */
  readonly hidesMcpHeaders: () => boolean;
  /** Loads the trust. Rejects if it is not valid. */
  readonly loadTrust: () => Promise<void>;
}

/**
 * The start of an app, or only of its gate if `secureApp` was called late. It logs what prevents admissions, loads the
 * trust, and keeps a failure because of which every call must be refused.
 */
export class AppStart {
  readonly #gate: StartingGate;
  readonly #openings: OpeningNotice;
  /** The MCP functions for which the log already has the line that every call is refused. */
  readonly #refusedMcp = new Set<string>();
  #isBegun = false;
  #failure: Denial | undefined;

  constructor(gate: StartingGate) {
    this.#gate = gate;
    this.#openings = new OpeningNotice(gate.clock);
  }

  /** If this is set, every call of an HTTP or MCP function is refused, even of open functions. */
  get failure(): Denial | undefined {
    return this.#failure;
  }

  /**
   * The denial for a function that nobody may call. After a failure, that is every HTTP or MCP function; otherwise,
   * those that are `unmeetable`.
   */
  denyAll({ name: functionName, kind }: Pick<RegisteredFunction, 'name' | 'kind'>): Denial {
    const problem = kind === 'unknown-mcp' ? 'mcp_trigger_unknown' : 'policy_unknown';
    return this.#failure ?? deny('certificate_missing', { problem, functionName });
  }

  /** Closes the whole app, because the app may have caught the error, or the worker may go on in spite of it. */
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
   * Starts the gate in an app that is already running. It is called with every invocation, because there is no other
   * sign that all programming models give. Nobody waits for the load, so its rejection must be handled, or it would end
   * the worker.
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

  /**
   * Checks a registered function and logs what the operator must know about it. Before the start, it does nothing,
   * because the start checks every function. After a failure, it does nothing either.
   *
   * @throws {CertgateError} if the function can't be closed. Every call of an HTTP or MCP function is then refused.
   */
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
    warnAtStart('mcp_trigger', kind === 'mcp' ? describeHiddenMcp(name) : this.denyAll(registered).detail, {
      function: name,
    });
  }

  /**
   * Whether the worker would serve the function by its programming model of version 3, with which it starts. That model
   * calls a handler with the context first. If the handler returns no promise, it waits for a call of `context.done`,
   * so callers of a wrapped handler would wait forever. The worker recognises that model by the same two members
   * (Azure/azure-functions-nodejs-worker, startApp.ts).
   */
  #isUnserved({ kind }: RegisteredFunction): boolean {
    // Functions of kind `other` have no wrapper.
    if (kind === 'other') return false;
    const model = this.#gate.core?.getProgrammingModel?.();
    return model?.name === '@azure/functions' && String(model.version).startsWith('3.');
  }
}

/**
 * Whether the start is over. The worker then has asked the library for its capabilities, and since then, `setup`
 * throws. Before that, options without members set nothing (@azure/functions 4.16.5, setup.ts); if streaming is on, the
 * library writes a line for debugging. A copy of the library that the worker has not asked never throws; there, the
 * first invocation shows that the gate was not started.
 */
export function isStartOver(app: object): boolean {
  const setup = readMember(app, 'setup');
  if (typeof setup !== 'function') return false;
  try {
    // The options have no prototype, because a polluted one would switch something on.
    Reflect.apply(setup, app, [Object.create(null)]);
    return false;
  } catch {
    return true;
  }
}

function describeUnserved(name: string): string {
  return `The function "${name}" was registered with registerFunction of @azure/functions-core, and nothing has set the programming model of version 4, so the worker would call its handler as one of version 3. Register it with app.http or app.generic of @azure/functions.`;
}
