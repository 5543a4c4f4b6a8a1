import type { VNode } from 'preact';
import { CopyButton } from './clipboard.js';

/** `copied`: in monospace, with a button. */
export type Fact = readonly [label: string, value: string, isCopied?: boolean];

export interface FactsProps {
  readonly facts: readonly Fact[];
  /** Beside `facts`: what style sheets know of the list. */
  readonly kind?: 'wide' | 'denied' | 'mono';
}

/** Pairs of a label and what is known. */
export function Facts({ facts, kind }: FactsProps): VNode {
  return (
    <dl class={kind === undefined ? 'facts' : `facts ${kind}`}>
      {facts.map(([label, value, isCopied = false], index) => (
        <div key={index}>
          <dt>{label}</dt>
          <dd>
            <span class={isCopied ? 'mono break' : ''}>{value}</span>
            {isCopied && <CopyButton text={value} label={`Copy: ${label}`} />}
          </dd>
        </div>
      ))}
    </dl>
  );
}
