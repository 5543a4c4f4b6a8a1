import type { AttributeValue, Attributes } from '@opentelemetry/api';
import type { DecisionEvent } from './decision-channel.js';

/** What a span says of a decision. No certificate, and no `detail`: that is text for the log, which redacts it. */
export function createSpanAttributes(event: DecisionEvent): Attributes {
  const attributes: Readonly<Record<string, AttributeValue | undefined>> = {
    'certgate.decision.outcome': event.outcome,
    'certgate.decision.code': event.code,
    'certgate.report_only.code': event.reportOnly?.code,
    'certgate.function.name': event.functionName,
    'certgate.correlation_id': event.correlationId,
    'certgate.identity.name': event.identityName,
    'certgate.identity.owner': event.owner,
    'certgate.identity.roles': event.roles === undefined ? undefined : [...event.roles],
    'certgate.certificate.thumbprint_sha256': event.thumbprintSha256,
    'certgate.certificate.matched_by': event.matchedBy,
    'certgate.trust.revision': event.trustRevision,
  };
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}
