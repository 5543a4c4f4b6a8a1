import { findPinSpan, type TrustSnapshot, formatInstant } from '@certgate/core/internal';
import type { CheckCode, CheckFinding } from '../check/check-finding.js';
import type { TrustWarningView } from '../views/page-views.js';
import { type RemedyTemplate, type TemplateValues, formatChange } from '../explanation/command-template.js';

interface WarningContext {
  readonly snapshot: TrustSnapshot;
  readonly store: string;
  /** The moment of the view, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly at: number;
}

interface Change {
  readonly template: RemedyTemplate;
  readonly values: TemplateValues;
}

type Choose = (finding: CheckFinding, context: WarningContext) => Change | undefined;

/**
 * The command for a finding, from the templates of `trust explain`: the change that usually helps. A code is absent if
 * no command is proposed for it.
 */
const changes: Readonly<Partial<Record<CheckCode, Choose>>> = {
  document_locked: () => ({ template: 'unlock', values: {} }),
  identity_without_pins: addCertificate,
  identity_without_usable_pins: rotate,
  identity_ended: extend,
  identity_ends_soon: extend,
  pin_ended: removePin,
  pin_ends_soon: rotate,
  pin_window_dead: extend,
  pin_sha1: addCertificate,
  pin_denied: removePin,
  pin_certificate_unfit: rotate,
  pin_accepts_without_client_auth: replaceOrEndGrace,
  client_auth_ends_at_renewal: rotate,
  authority_without_usable_anchor: addAuthorityCertificate,
  authority_certificate_ended: addAuthorityCertificate,
  authority_certificate_ends_soon: addAuthorityCertificate,
};

export function describeWarning(finding: CheckFinding, context: WarningContext): TrustWarningView {
  const { code, identityName, authorityName, message } = finding;
  const change = changes[code]?.(finding, context);
  const tail = { reason: code, store: context.store };
  return {
    code,
    subject: identityName ?? authorityName ?? 'the document',
    message,
    command: change === undefined ? null : formatChange(change.template, change.values, tail),
  };
}

function rotate({ identityName }: CheckFinding): Change | undefined {
  if (identityName === undefined) return undefined;
  return { template: 'rotate', values: { NAME: identityName, NEW_FILE: 'new.crt.pem' } };
}

/**
 * After the grace, the pin only has to forget it. If its certificate is at hand and needed the grace,
 * `pin_certificate_unfit` proposes to replace it.
 */
function replaceOrEndGrace(finding: CheckFinding, { at }: WarningContext): Change | undefined {
  const { identityName, pin, endsAt } = finding;
  if (endsAt === undefined || at < endsAt || identityName === undefined || pin === undefined) return rotate(finding);
  return { template: 'endPinGrace', values: { NAME: identityName, PIN: pin.value } };
}

function addCertificate({ identityName }: CheckFinding): Change | undefined {
  if (identityName === undefined) return undefined;
  return { template: 'addCertificate', values: { NAME: identityName, FILE: 'new.crt.pem' } };
}

function removePin({ identityName, pin }: CheckFinding): Change | undefined {
  if (identityName === undefined || pin === undefined) return undefined;
  return { template: 'removePin', values: { NAME: identityName, PIN: pin.value } };
}

const day = 86_400_000;

/**
 * Extends access by 90 days, as `trust explain` proposes; for a pin that begins later, by 90 days from its beginning.
 */
function extend({ identityName, path, pin }: CheckFinding, { snapshot, at }: WarningContext): Change | undefined {
  if (identityName === undefined) return undefined;
  const identity = snapshot.identities[Number(/^identities\[(\d+)\]/.exec(path)?.[1])];
  const own = identity?.pins.find(({ kind, value }) => kind === pin?.kind && value === pin.value);
  const begin = own === undefined ? at : findPinSpan(own).validFrom;
  const end = Math.ceil((Math.max(at, begin) + 90 * day) / 1000) * 1000;
  return { template: 'extend', values: { NAME: identityName, TIME: formatInstant(end) } };
}

function addAuthorityCertificate({ authorityName, path }: CheckFinding): Change | undefined {
  if (authorityName === undefined) return undefined;
  const template = path.includes('.intermediates[') ? 'addIntermediate' : 'addTrustAnchor';
  return { template, values: { AUTHORITY: authorityName, CA_FILE: 'ca.crt.pem' } };
}
