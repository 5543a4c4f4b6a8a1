// Writes docs/probes.md: the table from which `certgate doctor` prints its findings.
import { probeIds, probeTable } from '../../packages/certgate/dist/esm/doctor/probe-table.js';
import { code, prose } from './markdown.mjs';

export function writeProbes() {
  return [probeIds.map(describe).join('\n\n')];
}

function describe(id) {
  const { sends, claim, failure, remedy, wouldTell, ofAnyServer = {} } = probeTable[id];
  const any = Object.entries(ofAnyServer).map(
    ([key, text]) =>
      `- With ${code('--any-server')}, ${key === 'failure' ? 'meaning of a failure' : 'what to do'}: ${prose(text)}`,
  );
  return [
    `## ${code(id)}`,
    '',
    `Tests: ${prose(claim)}`,
    '',
    `- Sends: ${prose(sends)}.`,
    `- If it fails: ${prose(failure)}`,
    `- What to do: ${prose(remedy)}`,
    `- To get a result instead of *cannot tell*: ${prose(wouldTell)}`,
    ...any,
  ].join('\n');
}
