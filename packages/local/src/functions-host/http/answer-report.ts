/**
 * Reports what became of each request: which function ran, what Certgate's gate decided, and what was answered. The
 * gate publishes each decision on a diagnostics channel, including those that its log only summarizes.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HostAnswer, HostDecision, HostMcpCall } from '../worker/host-protocol.js';
import { readTraceId } from '../worker/invocation.js';

/** The channel's name. The adapter uses the same name, but in the app's own copy, so it can't be imported. */
const decisionChannelName = 'certgate:decision';

/**
 * The most decisions to keep. Some belong to calls that this host never answers, such as those of a test in the app,
 * and must not pile up.
 */
const maximumPending = 1000;

/** Keeps the decisions about invocations that are not answered yet, by invocation id. */
export class DecisionWatch {
  readonly #pending = new Map<string, HostDecision>();

  constructor() {
    subscribe(decisionChannelName, (event) => {
      this.#note(event);
    });
  }

  take(invocationId: string): HostDecision | undefined {
    const decision = this.#pending.get(invocationId);
    this.#pending.delete(invocationId);
    return decision;
  }

  /** Keeps one decision per invocation. If several are published, a refusal is kept. */
  #note(event: unknown): void {
    const { correlationId, ...members } = Object(event) as Readonly<Record<string, unknown>>;
    const decision = readDecision(members);
    if (typeof correlationId !== 'string' || decision === undefined) return;
    const earlier = this.#pending.get(correlationId);
    if (earlier?.outcome !== 'denied') this.#pending.set(correlationId, decision);
    const [oldest] = this.#pending.keys();
    if (this.#pending.size > maximumPending && oldest !== undefined) this.#pending.delete(oldest);
  }
}

/** Reads a decision. Any code of the app may publish on the channel, so it is only shown. */
function readDecision(event: Readonly<Record<string, unknown>>): HostDecision | undefined {
  const { outcome, code, identityName, thumbprintSha256, detail, reportOnly } = event;
  if (!isOutcome(outcome) || typeof code !== 'string') return undefined;
  const { code: deferredCode } = Object(reportOnly) as { readonly code?: unknown };
  return {
    outcome,
    code,
    ...(typeof identityName === 'string' ? { identityName } : {}),
    ...(typeof thumbprintSha256 === 'string' ? { thumbprintSha256 } : {}),
    ...(typeof detail === 'string' ? { detail } : {}),
    ...(typeof deferredCode === 'string' ? { deferredCode } : {}),
  };
}

function isOutcome(value: unknown): value is HostDecision['outcome'] {
  return value === 'allowed' || value === 'denied' || value === 'observed';
}

interface NamedInvocation {
  readonly functionName: string;
  readonly invocationId: string;
}

function nameAnswer({
  functionName,
  invocationId,
}: NamedInvocation): Pick<HostAnswer, 'functionName' | 'correlationId'> {
  return { functionName, correlationId: invocationId };
}

/** The most characters of a name. Clients choose names, and reports are kept in memory. */
const maximumNameCharacters = 256;

function shorten(name: string): string {
  return name.length <= maximumNameCharacters ? name : `${name.slice(0, maximumNameCharacters)}…`;
}

/** Reports one request when it ends. The path is reported without the query, which may contain a function key. */
export class AnswerReport {
  #invocation: NamedInvocation | undefined;
  #mcp: HostMcpCall | undefined;

  /** Calls `send` when the answer is sent, or when the client is gone. */
  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    decisions: DecisionWatch,
    send: (answer: HostAnswer) => void,
  ) {
    const [time, startedAt] = [Date.now(), performance.now()];
    const traceId = readTraceId(request.headers['traceparent']);
    response.once('close', () => {
      const decision = this.#invocation === undefined ? undefined : decisions.take(this.#invocation.invocationId);
      send({
        time,
        durationMilliseconds: performance.now() - startedAt,
        method: request.method ?? '',
        path: (request.url ?? '').split('?', 1)[0] ?? '',
        status: response.writableFinished ? response.statusCode : 'cut',
        ...(this.#invocation === undefined ? {} : nameAnswer(this.#invocation)),
        ...(this.#mcp === undefined ? {} : { mcp: this.#mcp }),
        ...(traceId === undefined ? {} : { traceId }),
        ...(decision === undefined ? {} : { decision }),
      });
    });
  }

  nameInvocation(functionName: string, invocationId: string): void {
    this.#invocation = { functionName, invocationId };
  }

  noteMcp({ method, name, failed }: HostMcpCall): void {
    this.#mcp = { method: shorten(method), ...(name === undefined ? {} : { name: shorten(name) }), failed };
  }
}
