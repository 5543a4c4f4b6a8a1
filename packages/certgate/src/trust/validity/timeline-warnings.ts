import type { TrustView } from '../views/page-views.js';
import { type Markup, element, escapeMarkup, joinMarkup, shortenToWidth, wrapToWidth } from './svg-markup.js';
import { timelineLayout as layout } from './timeline-layout.js';
import { drawMark } from './timeline-row-drawing.js';

const lineHeight = 15;
const textSize = 11;
const textLeft = layout.left + 16;
const textWidth = layout.width - layout.left - textLeft;

/** All of them below the bars, in words, each with the command that helps. */
export function drawWarnings(
  warnings: TrustView['warnings'],
  top: number,
): { readonly markup: Markup; readonly height: number } {
  if (warnings.length === 0) return { markup: joinMarkup([]), height: 0 };
  const title = `${warnings.length} ${warnings.length === 1 ? 'warning' : 'warnings'}`;
  const parts: Markup[] = [
    element('line', { class: 'tt-year', x1: 0, y1: top, x2: layout.width, y2: top }),
    text(layout.left, top + 22, title, 'tt-small tt-dim'),
  ];
  let y = top + 42;
  for (const { code, subject, message, command } of warnings) {
    parts.push(drawMark(layout.left, y), text(textLeft, y, `${shortenToWidth(subject, 400, 12)}: ${code}`, 'tt-name'));
    for (const line of wrapToWidth(message, textWidth, textSize, 4)) {
      y += lineHeight;
      parts.push(text(textLeft, y, line, 'tt-small'));
    }
    for (const [index, line] of (command === null ? [] : splitCommand(command)).entries()) {
      y += lineHeight;
      parts.push(text(index === 0 ? textLeft : textLeft + 14, y, line, 'tt-code tt-dim'));
    }
    y += 22;
  }
  return { markup: joinMarkup(parts, '\n'), height: y - top - 14 };
}

/** Of fixed pitch: 0.6 em is what such fonts have. */
const commandLength = Math.floor(textWidth / (10.5 * 0.62));

/** A POSIX shell takes a line that goes on behind a backslash. */
function splitCommand(command: string): readonly string[] {
  const lines: string[] = [];
  let rest = command.slice(0, 2000);
  while (rest.length > commandLength && lines.length < 8) {
    const space = rest.lastIndexOf(' --', commandLength - 2);
    if (space <= 0) break;
    lines.push(`${rest.slice(0, space)} \\`);
    rest = rest.slice(space + 1);
  }
  return [...lines, rest.length > commandLength ? `${rest.slice(0, commandLength - 1)}…` : rest];
}

function text(x: number, y: number, shown: string, name: string): Markup {
  return element('text', { x, y, class: name }, escapeMarkup(shown));
}
