import { formatInstant } from '@certgate/core/internal';
import type { AppExpectation, Expectation } from './expected-document.js';
import { describeFinding, type FleetFinding } from './fleet-finding.js';
import type { Fleet, FleetRow } from './fleet-rows.js';

/** The first ones; a fleet may have thousands. */
const maximumInstanceNames = 20;

/** What `--json` prints and `--attest` signs: times in RFC 3339, and null for what no line tells. */
export function describeFleet(fleet: Fleet, expectation: Expectation | undefined): object {
  const { asOf, first, silentAfter, apps, absent, rows } = fleet;
  return {
    from: formatInstant(first),
    asOf: formatInstant(asOf),
    silentAfterSeconds: silentAfter / 1000,
    apps: apps.map(({ name, state, isSilent, replaced }) => ({
      app: name,
      lastSeen: formatInstant(state.last),
      silent: isSilent,
      /** Instances that are in no row: newer ones took their place. */
      replacedInstances: replaced,
    })),
    appsWithoutLines: absent,
    rows: rows.map((row) => describeRow(row, silentAfter)),
    expected: expectation === undefined ? null : describeExpectation(expectation),
  };
}

function describeRow({ app, instances, quiet, view, findings }: FleetRow, silentAfter: number): object {
  const { version, host, frontEnd, frontEndProof, frontEndFault, closed, open, moreClosed, moreOpen, locked } =
    view?.status?.facts ?? {};
  return {
    app,
    instances: instances?.length ?? null,
    quietInstances: quiet,
    instanceNames: instances?.slice(0, maximumInstanceNames) ?? null,
    version: version ?? null,
    host: host ?? null,
    frontEnd: frontEnd ?? null,
    frontEndProof: frontEndProof ?? null,
    frontEndFault: frontEndFault ?? null,
    documents:
      view?.documents?.map((document) => ({
        source: document.source ?? null,
        mirror: document.mirror ?? null,
        revision: document.revision ?? null,
        sha256: document.sha256 ?? null,
        knownBy: document.knownBy,
        signedBy: document.signedBy ?? null,
        locked: document.locked ?? null,
        ageSeconds: document.ageSeconds ?? null,
      })) ?? null,
    documentsAt: formatTime(view?.documentsAt),
    closed: closed ?? null,
    moreClosed: moreClosed ?? 0,
    open: open ?? null,
    moreOpen: moreOpen ?? 0,
    lockedBySetting: locked ?? null,
    statusAt: formatTime(view?.status?.time),
    lastSeen: formatTime(view?.last),
    lastCall: formatTime(view?.lastCall),
    findings: findings.map((finding) => describeFindingAsJson(finding, silentAfter)),
  };
}

function describeFindingAsJson(finding: FleetFinding, silentAfter: number): object {
  return {
    ...finding,
    ...('at' in finding ? { at: formatInstant(finding.at) } : {}),
    ...('last' in finding ? { last: formatInstant(finding.last) } : {}),
    ...('newest' in finding && typeof finding.newest === 'object'
      ? { newest: { ...finding.newest, since: formatInstant(finding.newest.since) } }
      : {}),
    sentence: describeFinding(finding, silentAfter),
  };
}

function describeExpectation({ sha256, since, apps }: Expectation): object {
  return {
    sha256,
    firstSeen: formatTime(since),
    apps: apps.map(({ app, verdict, comparedDigits, at }) => ({
      app,
      verdict,
      comparedDigits: comparedDigits ?? null,
      documentsAt: formatTime(at),
    })),
  };
}

function formatTime(time: number | undefined): string | null {
  return time === undefined ? null : formatInstant(time);
}

const maximumNamedApps = 20;

/** For people: how many apps run what was expected, and which don't. */
export function listExpectationSentences({ sha256, since, apps }: Expectation): readonly string[] {
  const of = (wanted: AppExpectation['verdict']): readonly AppExpectation[] =>
    apps.filter(({ verdict }) => verdict === wanted);
  const has = of('has');
  const byAll = has.filter(({ comparedDigits }) => comparedDigits === 64).length;
  const compared =
    has.length === 0
      ? ''
      : ` (${byAll} compared by all 64 digits, ${has.length - byAll} by fewer: decisions have the first 16)`;
  return [
    `SHA-256 ${sha256}, ${since === undefined ? 'which no line shows' : `first seen at ${formatInstant(since)}`}:`,
    `  ${has.length} of ${apps.length} apps run it${compared}`,
    ...nameApps('run something else', of('other')),
    ...nameApps('cannot tell', of('cannot_tell')),
  ];
}

function nameApps(words: string, apps: readonly AppExpectation[]): readonly string[] {
  if (apps.length === 0) return [];
  const names = apps
    .slice(0, maximumNamedApps)
    .map(({ app, at }) => `${app} (${at === undefined ? 'no line tells' : `at ${formatInstant(at)}`})`);
  const more = apps.length > maximumNamedApps ? ` … and ${apps.length - maximumNamedApps} more` : '';
  return [`  ${apps.length}: ${words}: ${names.join(', ')}${more}`];
}
