import type { VNode } from 'preact';
import type { TrustIdentityView, ValidityWindow } from '../../../certgate/src/trust/views/page-views.js';
import { formatDay, nameDay } from '../parts/format.js';
import { type TimeScale, listLabelled, listTicks, toPercent } from './time-scale.js';

const percent = (value: number): string => `${value.toFixed(2)}%`;
const place = (scale: TimeScale, at: number): string => percent(toPercent(scale, at));

/** The scale above the bars, with its months. */
export function TimeAxis({ scale, now }: { readonly scale: TimeScale; readonly now: number }): VNode {
  const name = nameDay(now, Date.now());
  // The least distance between labels in percent. A date needs more room than the word "today".
  const gap = name === 'today' ? 8 : 11;
  const labelled = listLabelled(scale, now, gap, 3);
  const labelledIfNarrow = listLabelled(scale, now, gap + 8, 7);
  return (
    <svg class="bar axis" height="20" aria-hidden="true">
      {listTicks(scale).map(({ at, text }) => (
        <g key={text} class={labelledIfNarrow.includes(at) ? 'tick' : 'tick wide-only'}>
          <line x1={place(scale, at)} x2={place(scale, at)} y1="14" y2="20" />
          {labelled.includes(at) && (
            <text x={place(scale, at)} y="11" text-anchor="middle">
              {text}
            </text>
          )}
        </g>
      ))}
      <text class="today" x={place(scale, now)} y="11" text-anchor="middle">
        {name}
      </text>
      <rect class="today-mark" x={place(scale, now)} y="14" width="2" height="6" />
    </svg>
  );
}

export interface WindowBarProps {
  readonly scale: TimeScale;
  readonly now: number;
  readonly window: ValidityWindow;
  /** The identity whose window this is, with its gaps and overlaps. Undefined if the window belongs to an authority. */
  readonly identity?: TrustIdentityView;
}

/**
 * One window as a bar. Its parts are placed by attributes in percent, so that it needs no measuring and no inline
 * style, which the content security policy would refuse.
 */
export function WindowBar({ scale, now, window, identity }: WindowBarProps): VNode {
  const from = window.from === null ? 0 : toPercent(scale, Date.parse(window.from));
  const until = window.until === null ? 100 : toPercent(scale, Date.parse(window.until));
  return (
    <svg class="bar" height="22" role="img" aria-label={describeWindow(window)}>
      {listTicks(scale).map(({ at, text }) => (
        <line key={text} class="month" x1={place(scale, at)} x2={place(scale, at)} y1="0" y2="22" />
      ))}
      {identity?.overlaps.map((overlap) => (
        <Band key={overlap.from} kind="overlap" scale={scale} from={overlap.from} until={overlap.until} />
      ))}
      {identity?.gaps.map((gap) => (
        <Band key={gap.from} kind={gap.isSoon ? 'gap soon' : 'gap'} scale={scale} from={gap.from} until={gap.until} />
      ))}
      <rect
        class={`window ${window.state}`}
        x={percent(from)}
        y="6"
        width={percent(Math.max(until - from, 0.4))}
        height="10"
        rx="2"
      />
      <rect class="today-mark" x={place(scale, now)} y="0" width="2" height="22" />
    </svg>
  );
}

interface BandProps {
  readonly kind: 'overlap' | 'gap' | 'gap soon';
  readonly scale: TimeScale;
  readonly from: string;
  readonly until: string | null;
}

function Band({ kind, scale, from, until }: BandProps): VNode {
  const start = toPercent(scale, Date.parse(from));
  const end = until === null ? 100 : toPercent(scale, Date.parse(until));
  return <rect class={kind} x={percent(start)} y="0" width={percent(Math.max(0, end - start))} height="22" />;
}

function describeWindow({ kind, label, from, until, state }: ValidityWindow): string {
  const start = from === null ? 'from the beginning' : `from ${formatDay(from)}`;
  const end = until === null ? 'without an end' : `until ${formatDay(until)}`;
  // The label of a pin already says that it is a pin, and of which kind.
  return `${kind === 'pin' ? '' : `${kind} `}${label}, ${start} ${end}: ${state}`;
}
