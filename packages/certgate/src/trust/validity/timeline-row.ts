import type { TrustAuthorityView, TrustIdentityView, TrustView, ValidityWindow } from '../views/page-views.js';
import { type TimeSpan, findGaps } from './time-span.js';
import { type TimeAxis, findPlace } from './time-axis.js';
import { estimateWidth, shortenToWidth } from './svg-markup.js';

/** One line of the picture's table: who, and the bars in lanes, so that none covers another. */
export interface TimelineRow {
  readonly name: string;
  readonly detail: string;
  readonly isDisabled: boolean;
  readonly bars: readonly TimelineBar[];
  readonly laneCount: number;
  readonly overlaps: readonly TimeSpan[];
  readonly gaps: readonly TimeSpan[];
  readonly notes: readonly TimelineNote[];
}

export interface TimelineBar {
  readonly window: ValidityWindow;
  readonly lane: number;
  /** Where it is drawn; undefined: all of it lies beyond the axis, and `text` says on which side. */
  readonly x: number | undefined;
  readonly width: number;
  readonly text: string;
  readonly textX: number;
  readonly textAnchor: 'start' | 'end';
  readonly isCutLeft: boolean;
  readonly isCutRight: boolean;
}

export interface TimelineNote {
  readonly text: string;
  readonly title: string;
  readonly isWarning: boolean;
}

export const barTextSize = 10.5;
const padding = 6;

/** `warnings`: those about this name. */
export function createIdentityRow(
  identity: TrustIdentityView,
  warnings: TrustView['warnings'],
  axis: TimeAxis,
): TimelineRow {
  const { name, owner, enabled, windows, overlaps } = identity;
  const notes = warnings
    .filter(({ code }) => !isOfAuthority(code))
    .map(({ code, message }) => ({ text: code.replaceAll('_', ' '), title: message, isWarning: true }));
  return {
    name,
    detail: [owner ?? '', ...(enabled ? [] : ['disabled'])].filter((part) => part !== '').join(' · '),
    isDisabled: !enabled,
    ...placeBars(windows, axis),
    overlaps: overlaps.map(({ from, until }) => ({ from: Date.parse(from), until: Date.parse(until) })),
    gaps: enabled ? listGaps(windows) : [],
    notes,
  };
}

/** `warnings`: those about this name. */
export function createAuthorityRow(
  authority: TrustAuthorityView,
  warnings: TrustView['warnings'],
  axis: TimeAxis,
): TimelineRow {
  const { name, windows, revocation, vouchesFor } = authority;
  const title = vouchesFor.map((each) => `${each.identity}: ${each.name}`).join('\n');
  const count = new Set(vouchesFor.map(({ identity }) => identity)).size;
  return {
    name,
    detail: `revocation ${revocation}`,
    isDisabled: false,
    ...placeBars(windows, axis),
    overlaps: [],
    gaps: [],
    notes: [
      { text: `vouches for ${count === 1 ? '1 identity' : `${count} identities`}`, title, isWarning: false },
      ...warnings
        .filter(({ code }) => isOfAuthority(code))
        .map(({ code, message }) => ({ text: code.replaceAll('_', ' '), title: message, isWarning: true })),
    ],
  };
}

/** An identity and an authority may have the same name. */
function isOfAuthority(code: string): boolean {
  return /^(?:authority|revocation)_/.test(code);
}

/** When nobody is admitted, after somebody was: between windows, and after the last one. */
export function listGaps(windows: readonly ValidityWindow[]): readonly TimeSpan[] {
  return findGaps(
    windows
      .filter(({ state }) => state !== 'disabled')
      .map(({ from, until }) => ({
        from: from === null ? Number.NEGATIVE_INFINITY : Date.parse(from),
        until: until === null ? Number.POSITIVE_INFINITY : Date.parse(until),
      })),
  );
}

function placeBars(windows: readonly ValidityWindow[], axis: TimeAxis): Pick<TimelineRow, 'bars' | 'laneCount'> {
  /** Where each lane is free from. */
  const lanes: number[] = [];
  const bars = windows
    .map((window) => placeBar(window, axis))
    .sort((one, other) => one.start - other.start)
    .map(({ bar, start, end }) => {
      const free = lanes.findIndex((from) => from <= start);
      const lane = free === -1 ? lanes.length : free;
      lanes[lane] = end + padding;
      return { ...bar, lane };
    });
  return { bars, laneCount: Math.max(1, lanes.length) };
}

interface PlacedBar {
  readonly bar: Omit<TimelineBar, 'lane'>;
  /** With its text. */
  readonly start: number;
  readonly end: number;
}

function placeBar(window: ValidityWindow, axis: TimeAxis): PlacedBar {
  const { left } = axis;
  const right = left + axis.width;
  const from = window.from === null ? Number.NEGATIVE_INFINITY : findPlace(axis, Date.parse(window.from));
  const until = window.until === null ? Number.POSITIVE_INFINITY : findPlace(axis, Date.parse(window.until));
  if (until <= left) return placeBeyond(window, axis, 'start');
  if (from >= right) return placeBeyond(window, axis, 'end');
  const x = Math.max(left, from);
  // A window of an hour is a bar too.
  const width = Math.max(3, Math.min(right, until) - x);
  return placeText({ window, x, width, isCutLeft: from < left, isCutRight: until > right }, axis);
}

/** All of it lies beyond one end of the axis: its text stands at that end. */
function placeBeyond(window: ValidityWindow, { left, width }: TimeAxis, end: 'start' | 'end'): PlacedBar {
  const { label, from, until } = window;
  const long = end === 'start' ? `◂ ${label}, ended ${day(until)}` : `${label}, from ${day(from)} ▸`;
  const text = shortenToWidth(long, width, barTextSize);
  const length = estimateWidth(text, barTextSize);
  const start = end === 'start' ? left : left + width - length;
  const shape = { window, x: undefined, width: 0, isCutLeft: false, isCutRight: false };
  const textX = end === 'start' ? left : left + width;
  return { bar: { ...shape, text, textX, textAnchor: end }, start, end: start + length };
}

/** Inside the bar, else behind it, else before it: the longest text that fits there. */
function placeText(
  shape: Pick<TimelineBar, 'window' | 'width' | 'isCutLeft' | 'isCutRight'> & { readonly x: number },
  axis: TimeAxis,
): PlacedBar {
  const { window, x, width } = shape;
  const end = x + width;
  const texts = [describe(window), `${window.label}, ${day(window.until)}`, window.label];
  const find = (room: number): string | undefined => texts.find((text) => estimateWidth(text, barTextSize) <= room);
  const inside = find(width - 2 * padding);
  const behind = find(axis.left + axis.width - end - padding);
  // When something ends soon, the day matters more than that its text is in its bar.
  const isDayBehind = window.state === 'ending' && inside !== texts[0] && behind === texts[0];
  if (inside !== undefined && !isDayBehind) {
    return { bar: { ...shape, text: inside, textX: x + padding, textAnchor: 'start' }, start: x, end };
  }
  if (behind !== undefined) {
    const textX = end + padding;
    const bar = { ...shape, text: behind, textX, textAnchor: 'start' } as const;
    return { bar, start: x, end: textX + estimateWidth(behind, barTextSize) };
  }
  const before = find(x - axis.left - padding);
  if (before !== undefined) {
    const textX = x - padding;
    const bar = { ...shape, text: before, textX, textAnchor: 'end' } as const;
    return { bar, start: textX - estimateWidth(before, barTextSize), end };
  }
  const text = shortenToWidth(window.label, width - 2 * padding, barTextSize);
  return { bar: { ...shape, text, textX: x + padding, textAnchor: 'start' }, start: x, end };
}

function describe({ label, from, until, state }: ValidityWindow): string {
  if (until === null) return state === 'disabled' ? `${label}, disabled` : `${label}, no end`;
  switch (state) {
    case 'disabled':
      return `${label}, disabled`;
    case 'ended':
      return `${label}, ended ${day(until)}`;
    case 'future':
      return `${label}, ${day(from)} to ${day(until)}`;
    case 'ending':
      return `${label}, ends ${day(until)}`;
    case 'valid':
      return `${label}, until ${day(until)}`;
  }
}

function day(instant: string | null): string {
  return instant === null ? '' : instant.slice(0, 10);
}
