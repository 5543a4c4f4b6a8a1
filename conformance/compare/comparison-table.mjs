const begin = '<!-- The comparison: npm run conformance:compare -- --write -->';
const end = '<!-- The comparison ends here. -->';

/** The table in Markdown: for each suite and engine, the cases passed, then invalid paths accepted and valid ones rejected. */
export function formatComparison({ date, machine, rows }) {
  const names = rows[0]?.engines.map(({ name }) => name) ?? [];
  const headings = ['suite', 'profile', 'cases', ...names];
  const lines = rows.map(({ suite, profile, cases, engines }) => [suite, profile, cases, ...engines.map(formatCell)]);
  return [
    `${date}, Node ${machine.node}, ${machine.openssl.split(' ').slice(0, 2).join(' ')}, ${machine.processors} processors.`,
    '',
    formatRow(headings),
    formatRow(headings.map(() => '---')),
    ...lines.map(formatRow),
  ].join('\n');
}

function formatCell({ asked, passed, acceptedInvalid, rejectedValid }) {
  return asked === 0 ? 'not asked' : `${passed} / ${acceptedInvalid} / ${rejectedValid}`;
}

function formatRow(cells) {
  return `| ${cells.join(' | ')} |`;
}

/** The page with its table replaced by that of the results. */
export function replaceComparison(page, results) {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error('The page has no place for the comparison.');
  return `${page.slice(0, from)}${begin}\n\n${formatComparison(results)}\n\n${page.slice(to)}`;
}
