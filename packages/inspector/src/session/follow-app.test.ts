import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { InspectorState, LiveEvent } from '../../../certgate/src/trust/views/page-views.js';
import { type Api, ApiFault } from './api.js';
import { followApp } from './follow-app.js';

interface Round {
  readonly tag?: string;
  readonly ids?: readonly number[];
  readonly status?: number;
  readonly isHidden?: true;
}

/**
 * Follows an app that gives these answers, one in each round, and then refuses the token. @returns the calls of the
 * page and what it was given, in their order.
 */
async function follow(rounds: readonly Round[]): Promise<readonly string[]> {
  const heard: string[] = [];
  let at = 0;
  const page = {
    get hidden(): boolean {
      return rounds[at]?.isHidden === true;
    },
    addEventListener: (_type: string, listener: unknown) => {
      heard.push('hidden');
      at += 1;
      (listener as () => void)();
    },
  };
  const current = (): Round => rounds[Math.min(at, rounds.length - 1)] ?? {};
  const api = {
    getState: () => Promise.resolve({ tag: current().tag ?? 'a' } as InspectorState),
    getEvents: (after: number) => {
      const { tag = 'a', ids = [], status } = at < rounds.length ? current() : { status: 401 };
      heard.push(`after ${after}`);
      if (status !== undefined) return Promise.reject(new ApiFault('', status === 0 ? undefined : status));
      return Promise.resolve({ stateTag: tag, events: ids.map((id) => ({ id }) as LiveEvent) });
    },
  } as unknown as Api;
  const follower = {
    onState: ({ tag }: InspectorState) => heard.push(`state ${tag}`),
    onEvents: (events: readonly LiveEvent[]) => heard.push(`events ${events.map(({ id }) => id).join()}`),
    onConnection: (connection: string) => heard.push(connection),
  };
  await followApp(api, follower, page, () => {
    at += 1;
    return Promise.resolve();
  });
  return heard;
}

it('the page asks for what came after the last event, and for the state if it has changed', async () => {
  assert.deepEqual(await follow([{ ids: [1, 2] }, { ids: [3] }, { tag: 'b' }, { tag: 'b' }]), [
    ...['state a', 'after 0', 'events 1,2', 'connected'],
    ...['after 2', 'events 3', 'connected'],
    ...['after 3', 'connected', 'state b', 'after 3', 'connected'],
    ...['after 3', 'refused'],
  ]);
});

it('after a lost connection the page goes on after the last event, and it stops when its token is refused', async () => {
  const heard = await follow([{ ids: [7] }, { status: 0 }, {}, { ids: [8] }]);
  assert.deepEqual(heard, [
    ...['state a', 'after 0', 'events 7', 'connected'],
    ...['after 7', 'lost', 'after 7', 'events 8', 'connected', 'after 8', 'refused'],
  ]);
});

it('the page asks for nothing while it is hidden', async () => {
  const heard = await follow([{ ids: [1] }, { isHidden: true }, { ids: [2] }]);
  assert.deepEqual(heard.slice(4, 8), ['hidden', 'after 1', 'events 2', 'connected']);
});
