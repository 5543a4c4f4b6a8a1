import { isDurableClient } from './durable-client.js';
import type { BindingInfo } from './core-types.js';

/** An input or output beside the trigger that this host has nobody to supply; undefined: there is none. */
export function findUnsuppliedBinding(
  bindings: Readonly<Record<string, BindingInfo>>,
  triggerName: string,
): { readonly kind: 'input' | 'output'; readonly type: string } | undefined {
  const extra = Object.entries(bindings).find(
    ([name, binding]) => name !== triggerName && !isDurableClient(binding) && !isHttpReturn(name, binding),
  );
  if (extra === undefined) return undefined;
  const [name, { direction, type = name }] = extra;
  return { kind: direction === 'in' ? 'input' : 'output', type };
}

function isHttpReturn(name: string, { type }: BindingInfo): boolean {
  return name === '$return' && type?.toLowerCase() === 'http';
}
