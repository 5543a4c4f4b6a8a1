import type { VNode } from 'preact';
import { CopyButton } from './clipboard.js';

/** A value with its label. If `isCopied`, the value is in monospace and has a button that copies it. */
export type Fact = readonly [label: string, value: string, isCopied?: boolean];

export interface FactsProps {
  readonly facts: readonly Fact[];
  /** The list's second class in the style sheets, in addition to `facts`. */
  readonly kind?: 'wide' | 'denied' | 'mono';
}

/** A list of values with their labels. */
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
