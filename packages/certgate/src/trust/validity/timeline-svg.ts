import type { TrustView, TrustWarningView } from '../views/page-views.js';
import {
  type Markup,
  element,
  escapeMarkup,
  estimateWidth,
  joinMarkup,
  literalMarkup,
  shortenToWidth,
} from './svg-markup.js';
import { type TimeAxis, createTimeAxis, findPlace } from './time-axis.js';
import { drawWarnings } from './timeline-warnings.js';
import { type TimelineRow, createAuthorityRow, createIdentityRow } from './timeline-row.js';
import { drawRow, measureRow } from './timeline-row-drawing.js';
import { timelineLayout as layout } from './timeline-layout.js';
import { timelineStyle } from './timeline-style.js';

export interface TimelineOptions {
  /** The length of the axis. */
  readonly months: number;
}

/**
 * The view as one SVG: no script, nothing from elsewhere, the same bytes for the same view. Own code, since it is
 * rectangles and text: what a chart library adds (scales, interaction, a DOM) isn't used in a file, and weighs megabytes.
 */
export function drawTimeline(view: TrustView, { months }: TimelineOptions): string {
  const at = Date.parse(view.at);
  const axis = createTimeAxis(at, months, layout.chartLeft, layout.chartWidth);
  const head = drawHead(view);
  const parts: Markup[] = [];
  let y = head.height;
  const top = y;
  const addSection = (title: string, rows: readonly TimelineRow[]): void => {
    if (rows.length === 0) return;
    parts.push(drawSectionHead(title, y, axis));
    y += layout.sectionHeight;
    for (const [index, row] of rows.entries()) {
      parts.push(drawRow(row, { index, y, axis, now: findPlace(axis, at) }));
      y += measureRow(row);
    }
  };
  const { identities, authorities, warnings } = view;
  const bySubject = groupBySubject(warnings);
  addSection(
    countOf(identities.length, 'identity', 'identities'),
    identities.map((identity) => createIdentityRow(identity, bySubject.get(identity.name) ?? [], axis)),
  );
  addSection(
    countOf(authorities.length, 'authority', 'authorities'),
    authorities.map((authority) => createAuthorityRow(authority, bySubject.get(authority.name) ?? [], axis)),
  );
  const hasRows = y > top;
  if (identities.length === 0) {
    parts.push(drawText(layout.left, y + 22, 'The document admits nobody: it has no identity.', 'tt-dim'));
    y += 36;
  }
  const now = hasRows ? drawNow(axis, at, top) : joinMarkup([]);
  const below = drawWarnings(warnings, y);
  const height = Math.ceil(y + below.height + layout.bottom);
  const { width } = layout;
  const svg = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      class: 'tt',
      role: 'img',
      'aria-labelledby': 'tt-title tt-desc',
    },
    element('title', { id: 'tt-title' }, escapeMarkup(`Trust time line of ${view.store}`)),
    element('desc', { id: 'tt-desc' }, escapeMarkup(describeView(view))),
    element('style', {}, literalMarkup(timelineStyle)),
    hatch,
    element('rect', { class: 'tt-bg', width, height }),
    head.markup,
    joinMarkup(parts, '\n'),
    now,
    below.markup,
  );
  return `${svg}\n`;
}

function groupBySubject(warnings: TrustView['warnings']): ReadonlyMap<string, TrustView['warnings']> {
  const groups = new Map<string, TrustWarningView[]>();
  for (const warning of warnings) {
    const group = groups.get(warning.subject);
    if (group === undefined) groups.set(warning.subject, [warning]);
    else group.push(warning);
  }
  return groups;
}

const hatch = element(
  'defs',
  {},
  element(
    'pattern',
    { id: 'tt-hatch', width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
    element('line', { class: 'tt-hatch', x1: 0, y1: 0, x2: 0, y2: 6 }),
  ),
);

/** For a reader who doesn't see the bars: what matters, in sentences. */
export function describeView({ identities, warnings, revision, at, locked }: TrustView): string {
  const count = (wanted: string): number =>
    identities.flatMap(({ windows }) => windows).filter(({ state }) => state === wanted).length;
  const ends = identities.flatMap(({ name, gapFrom }) =>
    gapFrom === null ? [] : [`${name.slice(0, 80)} at ${gapFrom}`],
  );
  const more = ends.length > 20 ? `, and ${ends.length - 20} more` : '';
  return [
    `Revision ${revision} at ${at}.`,
    locked === null ? '' : `Locked ${locked}: nobody is admitted.`,
    `${countOf(identities.length, 'identity', 'identities')}; windows that are valid: ${count('valid')}, that end soon: ${count('ending')}, that have ended: ${count('ended')}.`,
    ends.length === 0
      ? ''
      : `Without a change, these are no longer admitted from: ${ends.slice(0, 20).join(', ')}${more}.`,
    `${countOf(warnings.length, 'warning', 'warnings')}.`,
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

function countOf(count: number, one: string, several: string): string {
  return `${count} ${count === 1 ? one : several}`;
}

function drawHead({ store, revision, at, locked }: TrustView): { readonly markup: Markup; readonly height: number } {
  const { left, width } = layout;
  const where = shortenToWidth(`${store} · revision ${revision} · as of ${at}`, width - 2 * left, 11);
  const banner =
    locked === null
      ? []
      : [
          element('rect', { class: 'tt-banner', x: left, y: 62, width: width - 2 * left, height: 24, rx: 3 }),
          drawText(
            left + 10,
            78,
            shortenToWidth(`Locked ${locked}. Nobody is admitted.`, width - 4 * left, 12),
            'tt-bad',
          ),
        ];
  const markup = joinMarkup([
    drawText(left, 30, 'Trust time line', 'tt-title'),
    drawText(left, 48, where, 'tt-small tt-dim'),
    drawLegend(),
    ...banner,
  ]);
  return { markup, height: locked === null ? 62 : 104 };
}

const legend = [
  ['tt-valid', 'valid'],
  ['tt-ending', 'ends soon'],
  ['tt-future', 'begins later'],
  ['tt-ended', 'ended'],
  ['tt-disabled', 'disabled'],
  ['tt-overlap', 'two at once'],
  ['tt-gap', 'nobody admitted'],
] as const;

function drawLegend(): Markup {
  const parts: Markup[] = [];
  let x = layout.width - layout.left;
  for (const [name, label] of legend.toReversed()) {
    x -= estimateWidth(label, 11);
    parts.push(drawText(x, 30, label, 'tt-small tt-dim'));
    x -= 19;
    parts.push(element('rect', { class: name, x, y: 20.5, width: 14, height: 11, rx: 2 }));
    x -= 16;
  }
  return joinMarkup(parts);
}

function drawSectionHead(title: string, y: number, axis: TimeAxis): Markup {
  const base = y + layout.sectionHeight - 7;
  const ticks = axis.ticks
    .filter(({ at }) => findPlace(axis, at) < axis.left + axis.width - 20)
    .map(({ at, label, isYear }) =>
      drawText(findPlace(axis, at) + 4, base, label, isYear ? 'tt-small tt-name' : 'tt-small tt-dim'),
    );
  return joinMarkup([
    drawText(layout.left, base, title, 'tt-small tt-dim'),
    ...ticks,
    drawLine(0, y + layout.sectionHeight, layout.width, y + layout.sectionHeight, 'tt-year'),
  ]);
}

/** The rows draw their part of the line themselves, below their texts. */
function drawNow(axis: TimeAxis, at: number, top: number): Markup {
  const x = findPlace(axis, at);
  const label = new Date(at).toISOString().slice(0, 10);
  return joinMarkup([
    drawLine(x, top + 4, x, top + layout.sectionHeight, 'tt-now'),
    element('text', { x, y: top - 1, class: 'tt-small tt-now-text', 'text-anchor': 'middle' }, escapeMarkup(label)),
  ]);
}

function drawText(x: number, y: number, text: string, name: string): Markup {
  return element('text', { x, y, class: name }, escapeMarkup(text));
}

function drawLine(x1: number, y1: number, x2: number, y2: number, name: string): Markup {
  return element('line', { class: name, x1, y1, x2, y2 });
}
