// Writes docs/errors.md: every code that a caller gets, or that the log, `trust check` or a thrown error contains.
import { gatewayAnswers } from '../../packages/certgate/dist/esm/local/gateway/exchange/gateway-exchange.js';
import { remedyTemplates } from '../../packages/certgate/dist/esm/trust/explanation/command-template.js';
import { denialRemedies, findRemedy } from '../../packages/certgate/dist/esm/trust/explanation/denial-remedies.js';
import {
  createDenialAnswer,
  denialCodes,
  deny,
  getPublicCode,
  getPublicStatus,
} from '../../packages/core/dist/esm/index.js';
import { listDetails } from './denial-samples.mjs';
import { code, prose, table } from './markdown.mjs';
import { readMemberTexts, readUnion } from './read-types.mjs';

/** The title of each group of codes, under the first code of the group. */
const groups = {
  front_end_unknown: 'Front end and setup',
  certificate_missing: 'The certificate header',
  trust_locked: 'The trust document',
  certificate_not_yet_valid: 'The certificate itself',
  path_not_found: 'The path to an authority',
  function_not_allowed: 'Authorization',
  internal_fault: 'Any step',
};

export function writeErrors() {
  const details = listDetails();
  return [
    listPublicCodes(),
    denialCodes.map((each) => describe(each, details.get(each))).join('\n\n'),
    listFindings(),
    listGatewayAnswers(),
    table(
      ['code', 'meaning'],
      readUnion('CertgateErrorCode').map(({ value, text }) => [code(value), text]),
    ),
  ];
}

function listPublicCodes() {
  const byPublicCode = new Map(denialCodes.map((each) => [getPublicCode(each), each]));
  const rows = [...byPublicCode].map(([publicCode, each]) => {
    const { title } = JSON.parse(createDenialAnswer(deny(each, {}), 'x').body);
    return [code(publicCode), String(getPublicStatus(each)), title];
  });
  return table(['public code', 'status', 'title'], rows);
}

function describe(each, details) {
  if (details === undefined) throw new Error(`No sample shows ${each}.`);
  const title = groups[each];
  const { commands = [] } = typeof denialRemedies[each] === 'string' ? {} : denialRemedies[each];
  const known = { store: 'STORE', decidedAt: undefined, nearMatches: [] };
  // If only the variable CERTGATE_LOCKED locks the app, a change of the document doesn't help, so the page has the
  // advice for both cases.
  const asked = each === 'trust_locked' ? [undefined, { setting: 'CERTGATE_LOCKED' }] : [undefined];
  const advice = asked.map((facts) => findRemedy({ code: each, facts }, known).verifyFirst);
  return [
    ...(title === undefined ? [] : [`### ${title}`, '']),
    `#### ${code(each)}`,
    '',
    `${getPublicStatus(each)} ${code(getPublicCode(each))}`,
    ...details.flatMap((detail) => ['', `> ${prose(detail)}`]),
    ...advice.flatMap((text) => ['', prose(text)]),
    ...(commands.length === 0
      ? []
      : ['', '```sh', ...commands.map((name) => `certgate ${remedyTemplates[name]}`), '```']),
  ].join('\n');
}

function listFindings() {
  const atStart = readMemberTexts('TrustStoreWarning', 'code');
  const rows = readUnion('CheckCode').map(({ value, text }) => {
    const [severity = '', meaning = ''] = text.split(/: ([^]*)/);
    return [code(value), severity, atStart.includes(value) ? 'yes' : '', prose(meaning)];
  });
  return table(['code', 'severity', 'logged by the app', 'meaning'], rows);
}

function listGatewayAnswers() {
  const rows = Object.entries(gatewayAnswers).map(([word, { status, message }]) => [
    code(word),
    String(status),
    prose(message),
  ]);
  return table(['answer', 'status', 'meaning'], rows);
}
