import type { HostAnswer } from '#local/functions-host/functions-host.js';
import type { GatewayExchange } from '#local/gateway/gateway.js';
import type { LiveEvent } from '../../trust/views/page-views.js';
import { describeHostAnswer, describeExchange } from './event-description.js';

/** How many events are kept. A developer causes about as many in a day. Older ones are forgotten. */
export const maximumEvents = 2000;
/** How many certificates of recent callers are kept. */
const maximumCertificates = 500;

/** What became of the latest requests, as the host and the gateway report it. */
export class LiveEvents {
  #lastId = 0;
  /** The events by id, oldest first. */
  readonly #events = new Map<number, LiveEvent>();
  /** Certificates in DER, by their SHA-256 thumbprint in upper case. The one that was seen longest ago comes first. */
  readonly #certificates = new Map<string, Uint8Array>();
  /** Functions that wait for the event of their own request, by trace id. */
  readonly #awaited = new Map<string, (event: LiveEvent) => void>();

  /** Adds an event for a request that reached the app. */
  noteAnswer(answer: HostAnswer): void {
    const event = this.#add(describeHostAnswer(answer, this.#nextId()));
    if (answer.traceId !== undefined) this.#awaited.get(answer.traceId)?.(event);
  }

  /**
   * Keeps the caller's certificate. Adds an event only if the gateway answered itself or the client left; the host
   * reports the other requests, because it knows what was decided.
   */
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

  /** Lists the events after this one that are still kept. */
  listAfter(id: number): readonly LiveEvent[] {
    return [...this.#events.values()].filter((event) => event.id > id);
  }

  /**
   * Waits for the event of a request. Call it before the request is sent, because the event may come before the answer.
   */
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
  /** Undefined if the event does not come within this time. */
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
