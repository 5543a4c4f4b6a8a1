import { relative } from 'node:path';
import { lockSetting } from '@certgate/core/internal';
import { formatTrustChange } from '../../texts/tool-call.js';
import { escapeControls } from '../../texts/safe-text.js';
import type { HostedApp } from '../../local-app/local-app.js';

/** Describes the trust document that the app's own gate has read. It may not be the one that a setting names. */
export function describeTrustInUse({ trust: { read, setBy } }: Pick<HostedApp, 'trust'>): string {
  const origin = describeOrigin(setBy);
  if (read === undefined) return `trust document: unknown, since no gate of the app says what it reads (${origin})`;
  const [only, ...others] = (read.parts ?? [read]).map(({ source, revision, fault, mirror }) => {
    const unknown = fault === undefined ? 'revision unknown' : 'nothing loaded';
    const loaded = revision === undefined ? unknown : `revision ${revision}`;
    // The revision is that of the document in use, so the place of that document comes first.
    const place =
      mirror?.isInUse === true ? `${showPlace(mirror.source)} (mirror of ${showPlace(source)})` : showPlace(source);
    return `${place}, ${loaded}`;
  });
  if (others.length === 0) return `trust document: ${only ?? ''}, ${origin}`;
  return [
    `trust documents of firstOf (that of CERTGATE_TRUST is ${origin}):`,
    ...[only, ...others].map((part) => `    ${part ?? ''}`),
  ].join('\n');
}

export function listTrustWarnings({
  trust,
  callers,
  isLocked,
}: Pick<HostedApp, 'trust' | 'callers' | 'isLocked'>): readonly string[] {
  const { read, setBy, unknownCallers, isUnread } = trust;
  const fault = [
    ...(isLocked ? [`The app setting ${lockSetting} is set here, so every call of a closed function gets 503.`] : []),
    ...(read?.fault === undefined
      ? []
      : [`The app can't read ${escapeControls(read.source)}: ${escapeControls(read.fault)}`]),
    ...(read?.revocationFault === undefined ? [] : [`Revocation lists: ${escapeControls(read.revocationFault)}.`]),
  ];
  if (isUnread === true) {
    const what = `The trust document (${describeOrigin(setBy)}) is not a file, and only the app reads it`;
    return [...fault, `${what}, so checks make only refused calls. Call with a certificate that it lists.`];
  }
  if (unknownCallers.length === 0 || callers.some(({ isTrusted }) => isTrusted)) return fault;
  const names = unknownCallers.join(', ');
  return [
    ...fault,
    `The trust document (${describeOrigin(setBy)}) does not list the development caller ${names}, ` +
      `so checks make only refused calls. ` +
      `Call with a certificate that it lists, or add this one: ${formatTrustChange('add', ['NAME'], ['--certificate', 'FILE'])}`,
  ];
}

function describeOrigin(setBy: HostedApp['trust']['setBy']): string {
  if (setBy === 'certgate dev') return 'made by certgate dev';
  return setBy === '--trust' ? 'set by --trust' : `set by CERTGATE_TRUST in ${setBy}`;
}

/** Shows a place as a person would write it: as a relative path if it is in the working folder. */
function showPlace(source: string): string {
  const path = /^file (\/.*|[a-z]:[\\/].*)$/i.exec(source)?.[1];
  const shorter = path === undefined ? '..' : relative(process.cwd(), path);
  return escapeControls(shorter.startsWith('..') ? source : `file ${shorter}`);
}
