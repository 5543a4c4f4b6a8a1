import type { ValidityWindow } from '../views/page-views.js';
import { type Markup, element, escapeMarkup, joinMarkup, shortenToWidth } from './svg-markup.js';
import { type TimeAxis, findPlace } from './time-axis.js';
import { timelineLayout as layout } from './timeline-layout.js';
import type { TimelineBar, TimelineNote, TimelineRow } from './timeline-row.js';
import type { TimeSpan } from './time-span.js';

const noteHeight = 15;
const margin = 6;
/** What doesn't fit is in the list of warnings below. */
const maximumNotes = 4;

export function measureRow({ laneCount, notes }: TimelineRow): number {
  const shown = Math.min(notes.length, maximumNotes);
  return Math.max(36, laneCount * layout.laneHeight + 2 * margin, shown * noteHeight + 2 * margin);
}

export interface RowPlace {
  readonly index: number;
  readonly y: number;
  readonly axis: TimeAxis;
  /** Where the line of the present moment is. */
  readonly now: number;
}

export function drawRow(row: TimelineRow, { index, y, axis, now }: RowPlace): Markup {
  const height = measureRow(row);
  const { name, detail, isDisabled, overlaps, gaps, bars, notes } = row;
  const nameWidth = layout.chartLeft - layout.left - 14;
  return joinMarkup([
    ...(index % 2 === 1 ? [element('rect', { class: 'tt-zebra', x: 0, y, width: layout.width, height })] : []),
    ...axis.ticks.map(({ at, isYear }) => drawGridLine(findPlace(axis, at), y, height, isYear)),
    ...gaps.map((gap) => drawGap(gap, y, height, axis)),
    element(
      'text',
      { x: layout.left, y: y + 16, class: isDisabled ? 'tt-name tt-dim' : 'tt-name' },
      drawTitle(name),
      escapeMarkup(shortenToWidth(name, nameWidth, 13.6)),
    ),
    ...(detail === '' ? [] : [drawDetail(detail, y + 30, nameWidth)]),
    ...bars.map((bar) => drawBar(bar, y + margin + bar.lane * layout.laneHeight)),
    ...overlaps.map((overlap) => drawOverlap(overlap, y, row.laneCount, axis)),
    element('line', { class: 'tt-now', x1: now, y1: y, x2: now, y2: y + height }),
    ...bars.map((bar) => drawBarText(bar, y + margin + bar.lane * layout.laneHeight)),
    ...drawNotes(notes, y),
  ]);
}

function drawGridLine(x: number, y: number, height: number, isYear: boolean): Markup {
  return element('line', { class: isYear ? 'tt-year' : 'tt-line', x1: x, y1: y, x2: x, y2: y + height });
}

function drawDetail(detail: string, y: number, width: number): Markup {
  const shown = escapeMarkup(shortenToWidth(detail, width, 11));
  return element('text', { x: layout.left, y, class: 'tt-small tt-dim' }, drawTitle(detail), shown);
}

/** What a pointer that rests shows. */
function drawTitle(text: string): Markup {
  return element('title', {}, escapeMarkup(text.slice(0, 2000)));
}

function clip({ from, until }: TimeSpan, axis: TimeAxis): { readonly x: number; readonly width: number } | undefined {
  const right = axis.left + axis.width;
  const x = Number.isFinite(from) ? Math.max(axis.left, findPlace(axis, from)) : axis.left;
  const end = Number.isFinite(until) ? Math.min(right, findPlace(axis, until)) : right;
  return x < end ? { x, width: end - x } : undefined;
}

function drawGap(gap: TimeSpan, y: number, height: number, axis: TimeAxis): Markup {
  const shape = clip(gap, axis);
  if (shape === undefined) return joinMarkup([]);
  const { x, width } = shape;
  const begin = new Date(gap.from).toISOString().slice(0, 10);
  const text = `Nobody is admitted from ${begin}${Number.isFinite(gap.until) ? ` to ${new Date(gap.until).toISOString().slice(0, 10)}` : ''}`;
  const isEdgeShown = findPlace(axis, gap.from) >= axis.left;
  return joinMarkup([
    element('rect', { class: 'tt-gap', x, y: y + 1, width, height: height - 2 }, drawTitle(text)),
    ...(isEdgeShown ? [element('line', { class: 'tt-gap-edge', x1: x, y1: y + 1, x2: x, y2: y + height - 1 })] : []),
  ]);
}

function drawOverlap(overlap: TimeSpan, y: number, laneCount: number, axis: TimeAxis): Markup {
  const shape = clip(overlap, axis);
  if (shape === undefined) return joinMarkup([]);
  const height = laneCount * layout.laneHeight;
  return element(
    'rect',
    { class: 'tt-overlap', ...shape, y: y + margin - 2, height },
    drawTitle('Two are valid at once'),
  );
}

/** A side that is cut has no corner: the window goes on there. */
function drawBar({ window, x, width, isCutLeft, isCutRight }: TimelineBar, y: number): Markup {
  if (x === undefined) return joinMarkup([]);
  const name = `tt-${window.state}`;
  const title = drawTitle(describeWindow(window));
  const height = layout.barHeight;
  if (!isCutLeft && !isCutRight) return element('rect', { class: name, x, y: y + 0.5, width, height, rx: 2.5 }, title);
  const notch = 5;
  const top = y + 0.5;
  const middle = top + height / 2;
  const left = isCutLeft
    ? [point(x + notch, top), point(x, middle), point(x + notch, top + height)]
    : [point(x, top), point(x, top + height)];
  const end = x + width;
  const right = isCutRight
    ? [point(end - notch, top + height), point(end, middle), point(end - notch, top)]
    : [point(end, top + height), point(end, top)];
  return element('polygon', { class: name, points: [...left, ...right].join(' ') }, title);
}

function point(x: number, y: number): string {
  return `${Math.round(x * 10) / 10},${Math.round(y * 10) / 10}`;
}

const kinds: Readonly<Record<ValidityWindow['kind'], string>> = {
  pin: 'Pin',
  issued: 'Issued certificate',
  name: 'Name under an authority',
  anchor: 'Trust anchor',
  intermediate: 'Intermediate',
};

/** One sentence: for a pointer that rests, and for the page's table. */
export function describeWindow({ kind, label, thumbprint, from, until, state }: ValidityWindow): string {
  const words = { valid: 'valid', ending: 'ends soon', ended: 'ended', future: 'begins later', disabled: 'disabled' };
  const span = [from === null ? '' : ` from ${from}`, until === null ? '' : ` until ${until}`].join('');
  return `${kinds[kind]} ${label}: ${words[state]}${span}${thumbprint === null ? '' : `, ${thumbprint}`}`;
}

function drawBarText({ text, textX, textAnchor, window, x }: TimelineBar, y: number): Markup {
  if (text === '') return joinMarkup([]);
  const isMuted = x === undefined || window.state === 'ended' || window.state === 'disabled';
  const name = isMuted ? 'tt-bar-text tt-dim' : 'tt-bar-text';
  const anchor = textAnchor === 'end' ? 'end' : undefined;
  return element('text', { x: textX, y: y + 11.5, class: name, 'text-anchor': anchor }, escapeMarkup(text));
}

function drawNotes(notes: readonly TimelineNote[], y: number): readonly Markup[] {
  const more = notes.length - maximumNotes;
  return notes.slice(0, maximumNotes).flatMap(({ text, title, isWarning }, index) => {
    const line = y + 16 + index * noteHeight;
    const shown = more > 0 && index === maximumNotes - 1 ? `${text}, and ${more} more` : text;
    const x = layout.notesLeft;
    return [
      ...(isWarning ? [drawMark(x, line)] : []),
      element(
        'text',
        { x: isWarning ? x + 14 : x, y: line, class: isWarning ? 'tt-small' : 'tt-small tt-dim' },
        drawTitle(title),
        escapeMarkup(shortenToWidth(shown, layout.notesWidth - 14, 11)),
      ),
    ];
  });
}

/** A triangle, drawn: not every font has U+26A0. */
export function drawMark(x: number, line: number): Markup {
  const points = [point(x + 5, line - 9.5), point(x + 10, line - 0.5), point(x, line - 0.5)];
  return element('polygon', { class: 'tt-mark', points: points.join(' ') });
}
