// From what doctor says of each server to a cell, and from the cells to the README's tables.

/** They look at the server's address, its clock or this machine's files, and not at who gets in. */
const leftOut = [
  'server-certificate',
  'public-function',
  'allowed-certificate-expiry',
  'clock',
  'scm-site',
  'large-body',
];

/** What these say is not about one who gets in. */
const aboutNobody = [
  ...['allowed-certificate', 'client-certificate-mode', 'trace', 'plain-http'],
  ...['refusal-reason', 'refusal-content', 'software-version'],
];

export function describeSetup({ findings, notRun, gotIn }) {
  const admitted = new Set(gotIn.map((text) => text.split(':', 1)[0]));
  const cellOf = ({ id, verdict }) => {
    if (verdict === 'cannot-tell') return 'cannot tell';
    if (aboutNobody.includes(id)) return verdict;
    return verdict === 'holds' ? 'refused' : admitted.has(id) ? 'got in' : 'fails';
  };
  const all = [...findings.map((finding) => [finding.id, cellOf(finding)]), ...notRun.map(({ id }) => [id, 'not run'])];
  return Object.fromEntries(all.filter(([id]) => !leftOut.includes(id)));
}

export function formatTable(setups, ids) {
  const paint = (cell) => (['got in', 'fails'].includes(cell) ? `**${cell}**` : cell);
  const row = (cells) => `| ${cells.join(' | ')} |`;
  return [
    row(['probe', ...setups.map(({ name }) => name)]),
    row(['---', ...setups.map(() => '---')]),
    ...ids.map((id) => row([`\`${id}\``, ...setups.map(({ cells }) => paint(cells[id] ?? 'not run'))])),
  ].join('\n');
}

export function replaceTable(page, id, table) {
  const [begin, end] = [`<!-- table ${id} -->`, `<!-- end of table ${id} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`README.md has no place for the table "${id}".`);
  return `${page.slice(0, from + begin.length)}\n\n${table}\n\n${page.slice(to)}`;
}
