import type { TrustView, ValidityWindow } from '../views/page-views.js';
import { type Markup, element, escapeMarkup, joinMarkup, literalMarkup } from './svg-markup.js';
import { type TimelineOptions, describeView, drawTimeline } from './timeline-svg.js';

/** Nothing may be loaded and nothing may run, whatever a name in the document is. */
const policy = "default-src 'none'; style-src 'unsafe-inline'";

const style = `
:root{color-scheme:light dark}body{margin:24px auto;max-width:1120px;padding:0 16px;font:14px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
color:#1b1f24;background:#fff}.picture{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:0 0 32px}
caption{text-align:left;font-weight:600;padding:8px 0}th,td{text-align:left;vertical-align:top;padding:4px 12px 4px 0;border-bottom:1px solid #d8dee4;overflow-wrap:anywhere}thead th{overflow-wrap:normal}
code{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
@media (prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}th,td{border-color:#3a444f}}`;

/** The picture, and the same facts as tables: for screen readers, for search, and to copy from. */
export function formatTimelinePage(view: TrustView, options: TimelineOptions): string {
  const title = `Trust time line of ${view.store}`;
  const head = element(
    'head',
    {},
    literalMarkup('<meta charset="utf-8">'),
    literalMarkup(`<meta http-equiv="Content-Security-Policy" content="${policy}">`),
    literalMarkup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
    element('title', {}, escapeMarkup(title)),
    element('style', {}, literalMarkup(style)),
  );
  const body = element(
    'body',
    {},
    element('h1', {}, escapeMarkup(title)),
    element('p', {}, escapeMarkup(describeView(view))),
    // It scrolls on a narrow screen, also by keyboard.
    element(
      'div',
      { class: 'picture', tabindex: 0, role: 'region', 'aria-label': 'Time line' },
      literalMarkup(drawTimeline(view, options)),
    ),
    ...listTables(view),
  );
  return `<!doctype html>\n${element('html', { lang: 'en' }, head, body)}\n`;
}

function listTables(view: TrustView): readonly Markup[] {
  const { identities, authorities, warnings, denied, coverage } = view;
  const windowHead = ['', 'Recognised by', 'From', 'Until', 'State'];
  return [
    table(
      'Identities',
      ['Identity', 'Owner', 'Roles', 'Functions', 'Nobody is admitted from', 'Two at once'],
      identities.map(({ name, owner, enabled, roles, functions, gapFrom, overlaps }) => [
        enabled ? name : `${name} (disabled)`,
        owner ?? '',
        roles.join(', '),
        functions === null ? 'all' : functions.join(', '),
        gapFrom ?? '',
        overlaps.map(({ from, until }) => `${from} to ${until}`).join(', '),
      ]),
    ),
    table('What each identity is recognised by', ['Identity', ...windowHead.slice(1)], listWindowRows(identities)),
    table(
      'Authorities',
      ['Authority', 'Revocation', 'Vouches for'],
      authorities.map(({ name, revocation, vouchesFor }) => [
        name,
        revocation,
        vouchesFor.map((each) => `${each.identity}: ${each.name}`).join(', '),
      ]),
    ),
    table(
      'Certificates of authorities',
      ['Authority', 'Certificate', ...windowHead.slice(2)],
      listWindowRows(authorities),
    ),
    table(
      'Deny list',
      ['Certificate', 'Reason'],
      denied.map(({ label, reason }) => [label, reason ?? '']),
    ),
    table(
      'Warnings',
      ['Subject', 'Code', 'What', 'Command'],
      warnings.map(({ subject, code, message, command }) => [subject, code, message, command ?? '']),
      3,
    ),
    table(
      'Functions',
      ['Function', 'Route', 'Methods', 'Open to'],
      coverage.map((each) => [each.name, each.route ?? '', each.methods.join(', ') || 'all', each.policy]),
    ),
  ].flatMap((each) => each ?? []);
}

function listWindowRows(
  owners: readonly { readonly name: string; readonly windows: readonly ValidityWindow[] }[],
): readonly (readonly string[])[] {
  return owners.flatMap(({ name, windows }) =>
    windows.map(({ label, thumbprint, from, until, state }) => [
      name,
      thumbprint === null ? label : `${label} (${thumbprint})`,
      from ?? '',
      until ?? 'no end',
      state,
    ]),
  );
}

/** Undefined where there is no row. `codeColumn` is what people copy. */
function table(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  codeColumn?: number,
): Markup | undefined {
  if (rows.length === 0) return undefined;
  const heads = head.map((label) => element('th', { scope: 'col' }, escapeMarkup(label)));
  const lines = rows.map((row) =>
    joinMarkup([
      literalMarkup('<tr>'),
      ...row.map((text, index) => formatCell(text, index, codeColumn)),
      literalMarkup('</tr>'),
    ]),
  );
  return element(
    'table',
    {},
    element('caption', {}, escapeMarkup(caption)),
    element('thead', {}, element('tr', {}, ...heads)),
    element('tbody', {}, joinMarkup(lines, '\n')),
  );
}

/** An empty cell has an end tag too: HTML knows no empty elements but its own. */
function formatCell(text: string, index: number, codeColumn: number | undefined): Markup {
  const shown = escapeMarkup(text);
  if (text === '') return literalMarkup(index === 0 ? '<th scope="row"></th>' : '<td></td>');
  if (index === 0) return element('th', { scope: 'row' }, shown);
  return element('td', {}, index === codeColumn ? element('code', {}, shown) : shown);
}
