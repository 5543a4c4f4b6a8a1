// Writes docs/log-fields.md: the keys of every line, from the interfaces of @certgate/core, and the codes, from the
// table of `trust explain`.
import { otherLines } from '../../packages/certgate/dist/esm/trust/explanation/other-lines.js';
import { startCodes } from '../../packages/core/dist/esm/log/start-log.js';
import { denialCodes } from '../../packages/core/dist/esm/denial.js';
import { code, prose, table } from './markdown.mjs';
import { lineStart, readInterface } from './read-types.mjs';

export function writeLogFields() {
  return [
    describe('DecisionLogLine'),
    describe('StatusLogLine'),
    describe('SuppressedLogLine'),
    listOtherCodes(),
    ['Start', 'Trust', 'Expiry', 'Renewal', 'Revocation']
      .map((name) => `### ${code(name.toLowerCase())}\n\n${describe(`${name}LogLine`)}`)
      .join('\n\n'),
  ];
}

/**
 * The section of a kind of line. The first table describes the four keys that every line has, so the others leave them
 * out.
 */
function describe(name) {
  const { text, keys } = readInterface(name);
  const own = keys.filter(({ key }) => name === 'DecisionLogLine' || !lineStart.includes(key));
  const rows = own.map(({ key, text: content, isOptional, values }) => {
    const isListed = values.length > 1 && values.length < 8 && !values.some((value) => content.includes(value));
    const listed = isListed ? ` One of ${values.map(code).join(', ')}.` : '';
    return [code(key), isOptional ? '' : 'yes', `${prose(content)}${listed}`];
  });
  return `${prose(text)}\n\n${table(['key', 'always', 'content'], rows)}`;
}

function listOtherCodes() {
  const rows = Object.entries(otherLines).flatMap(([event, codes]) =>
    Object.entries(codes).map(([each, text]) => [code(event), code(each), prose(text)]),
  );
  const refused = startCodes.filter((each) => denialCodes.includes(each)).map(code);
  return `${table(['event', 'code', 'meaning'], rows)}

A ${code('start')} line can also have a denial code: ${refused.join(', ')}. Calls will be refused with [that code](errors.md#every-precise-code). The [warnings of the trust document](errors.md#findings-of-trust-check) are ${code('start')} lines too.`;
}
