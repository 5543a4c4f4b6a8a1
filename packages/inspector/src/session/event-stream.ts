import type { LiveEvent } from '../../../certgate/src/trust/views/page-views.js';
import { makeVisible } from '../parts/visible-text.js';
import { tokenHeader } from './api.js';
import { createEventParser } from './event-parser.js';

export type StreamState = 'connecting' | 'connected' | 'waiting' | 'refused';

export interface StreamListener {
  readonly onEvents: (events: readonly LiveEvent[]) => void;
  readonly onState: (state: StreamState) => void;
}

const firstDelay = 500;
const longestDelay = 8_000;

/** EventSource can't send a header, so the stream is read with fetch. It connects again until `signal` ends it. */
export async function followEvents(token: string, listener: StreamListener, signal: AbortSignal): Promise<void> {
  let delay = firstDelay;
  let lastId = 0;
  const onEvents: StreamListener['onEvents'] = (events) => {
    lastId = events.at(-1)?.id ?? lastId;
    listener.onEvents(events);
  };
  while (!signal.aborted) {
    listener.onState('connecting');
    try {
      // As EventSource does it: what was missed comes first, as far as the tool still has it.
      const seen = lastId === 0 ? undefined : { 'last-event-id': String(lastId) };
      const response = await fetch('api/events', { headers: { [tokenHeader]: token, ...seen }, signal });
      if (response.status === 401 || response.status === 403) {
        listener.onState('refused');
        return;
      }
      if (response.ok && response.body !== null) {
        listener.onState('connected');
        delay = firstDelay;
        await readEvents(response.body, onEvents);
      }
    } catch {
      // The tool has ended, or is starting again.
    }
    listener.onState('waiting');
    await sleep(delay);
    delay = Math.min(delay * 2, longestDelay);
  }
}

async function readEvents(body: ReadableStream<Uint8Array>, onEvents: StreamListener['onEvents']): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parse = createEventParser();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = parse(decoder.decode(value, { stream: true })).map((text) =>
      makeVisible(JSON.parse(text) as LiveEvent),
    );
    if (events.length > 0) onEvents(events);
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
