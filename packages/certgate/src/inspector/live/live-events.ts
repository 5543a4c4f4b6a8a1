import type { HostAnswer } from '#local/functions-host/functions-host.js';
import type { GatewayExchange } from '#local/gateway/gateway.js';
import type { LiveEvent } from '../../trust/views/page-views.js';
import { describeAnswer, describeExchange } from './event-description.js';

/** A day's work of a developer; older ones are forgotten. */
export const maximumEvents = 2000;
/** Certificates of the callers of recent events. */
const maximumCertificates = 500;

/** What became of each request, as the host and the gateway tell it: the latest of them, for pages that ask. */
export class LiveEvents {
  #lastId = 0;
  /** By id, oldest first. */
  readonly #events = new Map<number, LiveEvent>();
  /** DER, by thumbprint in upper case; the one seen longest ago first. */
  readonly #certificates = new Map<string, Uint8Array>();
  /** By trace id: who waits for the event of a request of their own. */
  readonly #awaited = new Map<string, (event: LiveEvent) => void>();

  /** A request that reached the app. */
  noteAnswer(answer: HostAnswer): void {
    const event = this.#add(describeAnswer(answer, this.#nextId()));
    if (answer.traceId !== undefined) this.#awaited.get(answer.traceId)?.(event);
  }

  /** Requests that reached the app are told of by the host, which knows what was decided; of those, the certificate is kept. */
  noteExchange(exchange: GatewayExchange, certificateDer: Uint8Array | undefined): void {
    const { clientCertificateThumbprintSha256: thumbprint } = exchange;
    if (thumbprint !== undefined && certificateDer !== undefined) this.noteCertificate(thumbprint, certificateDer);
    if (exchange.answeredBy === 'gateway') this.#add(describeExchange(exchange, this.#nextId(), Date.now()));
  }

  noteCertificate(thumbprintSha256: string, certificateDer: Uint8Array): void {
    const key = thumbprintSha256.toUpperCase();
    this.#certificates.delete(key);
    this.#certificates.set(key, certificateDer);
    dropOldest(this.#certificates, maximumCertificates);
  }

  find(id: number): LiveEvent | undefined {
    return this.#events.get(id);
  }

  findCertificate(thumbprintSha256: string): Uint8Array | undefined {
    return this.#certificates.get(thumbprintSha256.toUpperCase());
  }

  /** Those that came after this one and are still known. */
  listAfter(id: number): readonly LiveEvent[] {
    return [...this.#events.values()].filter((event) => event.id > id);
  }

  /** To be called before the request is sent; the event may come before its answer, or after. */
  expectTrace(traceId: string): ExpectedEvent {
    const { promise, resolve } = createDeferred<LiveEvent>();
    this.#awaited.set(traceId, resolve);
    return {
      wait: async (milliseconds) => {
        const { promise: end, resolve: giveUp } = createDeferred<undefined>();
        const timer = setTimeout(giveUp, milliseconds, undefined);
        try {
          return await Promise.race([promise, end]);
        } finally {
          clearTimeout(timer);
        }
      },
      forget: () => this.#awaited.delete(traceId),
    };
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  #add(event: LiveEvent): LiveEvent {
    this.#events.set(event.id, event);
    dropOldest(this.#events, maximumEvents);
    return event;
  }
}

/** The event of one request that is about to be sent. */
export interface ExpectedEvent {
  /** Undefined: nothing was heard of it for so long. */
  wait(milliseconds: number): Promise<LiveEvent | undefined>;
  forget(): void;
}

function dropOldest<Key>(map: Map<Key, unknown>, maximum: number): void {
  const [oldest] = map.keys();
  if (map.size > maximum && oldest !== undefined) map.delete(oldest);
}

function createDeferred<Value>(): { readonly promise: Promise<Value>; readonly resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((settle) => (resolve = settle));
  return { promise, resolve };
}
