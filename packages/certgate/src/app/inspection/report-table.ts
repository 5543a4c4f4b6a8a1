import { lockSetting } from '@certgate/core/internal';
import Table from 'cli-table3';
import colors from 'picocolors';
import { escapeControls } from '../../texts/safe-text.js';
import { describeMcp, describeMethods } from './compare-baselines.js';
import {
  type CoverageReport,
  type InspectedFunction,
  type InspectedHttpFunction,
  type InspectedMcpFunction,
  isCallable,
} from './coverage-report.js';
import { describeInspectedGate } from './inspected-gate.js';
import { describeInspectedPolicy } from './inspected-policy.js';

/** Formats the report for a terminal: the functions, the gate, then the endpoints outside the gate. */
export function formatReport(report: CoverageReport, now: number): string {
  const { functions, host, outsideTheGate } = report;
  return [
    formatFunctions(functions, now),
    '',
    `Routes begin with ${host.routePrefix === '' ? '/ (routePrefix is empty)' : `/${host.routePrefix}`}. HTTP streaming is ${host.httpStreaming ? 'on' : 'off'}.`,
    'authLevel is about function keys; it has nothing to do with certificates.',
    ...(report.locked
      ? [
          `${lockSetting} is set here: with it, every call of a closed function gets 503. Azure's app settings were not read.`,
        ]
      : []),
    '',
    ...describeInspectedGate(report.gate).map((line) => escapeControls(line)),
    '',
    "Outside the gate, covered only by the platform's client-certificate setting:",
    ...outsideTheGate.map(({ path, state, key, reason }) => {
      const needs = key === 'none' ? (state === 'absent' ? '' : ', no key') : `, ${key}`;
      return `  ${path.padEnd(32)}${state}${needs}: ${escapeControls(reason)}`;
    }),
  ].join('\n');
}

function formatFunctions(functions: readonly InspectedFunction[], now: number): string {
  const table = new Table({
    head: ['function', 'trigger', 'request', 'authLevel', 'open to', 'covered by'],
    style: { head: [], border: [] },
  });
  for (const inspected of functions) table.push(describeFunction(inspected, now));
  return table.toString();
}

function describeFunction(inspected: InspectedFunction, now: number): string[] {
  const { name, trigger, disabled } = inspected;
  const begin = disabled === true ? 'disabled; else ' : '';
  if (!isCallable(inspected)) {
    return [name, escapeControls(trigger), '', '', `${begin}${colors.dim('no certificate comes with it')}`, ''];
  }
  const request = inspected.http
    ? `${describeMethods(inspected.methods)} ${inspected.route}`
    : describeMcp(inspected.mcp);
  const authLevel = inspected.http ? (inspected.authLevel ?? 'not said') : '';
  const opening = `${begin}${describeOpening(inspected, now)}`;
  const covered = inspected.covered === 'none' ? colors.red('nothing') : inspected.covered;
  return [name, escapeControls(trigger), escapeControls(request), authLevel, opening, covered];
}

function describeOpening({ policy }: InspectedHttpFunction | InspectedMcpFunction, now: number): string {
  const text = escapeControls(describeInspectedPolicy(policy));
  if (policy.kind === 'none') return colors.red(text);
  if (policy.kind === 'anonymous') return text;
  const until = policy.observedUntil ?? policy.reportOnlyUntil;
  if (until === undefined) return text;
  return Date.parse(until) > now ? colors.yellow(text) : `${text} (over)`;
}
