import type { ServerResponse } from 'node:http';
import { RefusedRequest, securityHeaders } from '../answers.js';
import type { LiveEvent } from '../../trust/views/page-views.js';
import type { LiveEvents } from './live-events.js';

/** A page in a tab that sleeps reads nothing; more than this is not kept for it. It can open the stream again. */
const maximumUnreadBytes = 1_048_576;
const heartbeatMilliseconds = 15_000;
const maximumClients = 50;

/** Server-sent events to everybody who watches. */
export class EventStream {
  readonly #events: LiveEvents;
  readonly #clients = new Set<ServerResponse>();
  readonly #unsubscribe: () => void;
  readonly #heartbeat: NodeJS.Timeout;

  constructor(events: LiveEvents) {
    this.#events = events;
    this.#unsubscribe = events.subscribe((event) => {
      this.#broadcast(formatEvent(event));
    });
    this.#heartbeat = setInterval(() => {
      this.#broadcast(': still here\n\n');
    }, heartbeatMilliseconds).unref();
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  /** From now on; with the id of the last event that was seen, those that came since then are sent before. */
  add(response: ServerResponse, lastEventId: number | undefined): void {
    if (this.#clients.size >= maximumClients) {
      throw new RefusedRequest(503, `${maximumClients} pages are watching already. Close some of them.`);
    }
    response.writeHead(200, { ...securityHeaders, 'content-type': 'text/event-stream; charset=utf-8' });
    response.write(': from now on\n\n');
    if (lastEventId !== undefined) {
      for (const event of this.#events.listAfter(lastEventId)) response.write(formatEvent(event));
    }
    this.#clients.add(response);
    response.once('close', () => this.#clients.delete(response));
  }

  close(): void {
    clearInterval(this.#heartbeat);
    this.#unsubscribe();
    for (const client of this.#clients) client.end();
  }

  #broadcast(text: string): void {
    for (const client of this.#clients) {
      client.write(text);
      if (client.writableLength > maximumUnreadBytes) {
        this.#clients.delete(client);
        client.destroy();
      }
    }
  }
}

/** JSON has no line ends of its own, so that one event is one line. */
function formatEvent(event: LiveEvent): string {
  return `data: ${JSON.stringify(event)}\n\n`;
}
