import type { Answer } from '../reference/decision.js';
import type { Draft } from './documents.js';
import type { SceneStore } from './scene-store.js';

export function describeIdentity({
  name,
  roles,
}: {
  readonly name: string;
  readonly roles: readonly string[];
}): string {
  return `200 ${name} ${JSON.stringify([...roles].sort())}`;
}

export function describeAnswer(answer: Answer): string {
  return answer.status === 200 ? describeIdentity(answer.identity) : answer.code;
}

export function describeList({ authority, name, content }: SceneStore['lists'][number]): string {
  return `${authority}/${name} ${typeof content === 'string' ? content : content.label}`;
}

export function describeDraft({ authorities, ...draft }: Draft): string {
  const labels = authorities.map(({ name, trustAnchors, intermediates, revocation }) => ({
    name,
    cas: [...trustAnchors, ...intermediates].map(({ label }) => label).join(', '),
    revocation,
  }));
  return JSON.stringify({ ...draft, authorities: labels });
}

export function listOrders<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length < 2) return [items];
  return items.flatMap((item, index) =>
    listOrders(items.filter((_, other) => other !== index)).map((others) => [item, ...others]),
  );
}

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
