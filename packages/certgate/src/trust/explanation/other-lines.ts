import type {
  DenialCode,
  ExpiryLogLine,
  RenewalLogLine,
  RevocationLogLine,
  StartCode,
  TrustLogLine,
  TrustStoreWarning,
} from '@certgate/core/internal';

/** The meaning of lines that are not about a call. `trust explain --log` prints it, and docs/log-fields.md lists it. */
interface OtherLines {
  readonly start: Readonly<Record<Exclude<StartCode, DenialCode | TrustStoreWarning['code']>, string>>;
  readonly trust: Readonly<Record<TrustLogLine['code'], string>>;
  readonly revocation: Readonly<Record<RevocationLogLine['code'], string>>;
  readonly expiry: Readonly<Record<ExpiryLogLine['code'], string>>;
  readonly renewal: Readonly<Record<RenewalLogLine['code'], string>>;
}

const listsFailed =
  'A revocation list could not be read, or crlBlobs names an authority that the document lacks. The document is used. The detail says who is refused.';

export const otherLines: OtherLines = {
  start: {
    gate_late:
      'secureApp was called after the app had started; until then, the app was open. Call it while a file that "main" in package.json names is loaded, not in a timer or after an await that nothing waits for.',
    front_end_anywhere:
      'The app uses unsafeTrustCertificateHeaderFromAnywhere. Remove it if anything except your own front end can reach the app.',
    app_locked:
      'CERTGATE_LOCKED is set, so every call of a closed function is refused. To end this, remove the variable and restart the app.',
    trust_mirror_used:
      'The app uses the document of the mirror. It returns to the first source by itself when that has the same or a later document.',
    trust_mirror_unusable: 'The mirror has no document that the app could use. Correct it before it is needed.',
    revocation_refresh_failed: listsFailed,
    tls_callers_refused:
      'The TLS options of the server refuse callers or request no certificate. Create the server with requestCert: true and rejectUnauthorized: false.',
    hooks_before_gate:
      'Hooks of the Fastify app run before the gate, and can answer calls that it would refuse. If that is not meant, register secureFastify before what adds them.',
    report_only:
      'The function is report-only: calls that lack a role or the function are let through. Watch reportOnlyCode.',
    report_only_ended:
      'The report-only period of the function has ended, and the requirement applies. Remove reportOnly.',
    observed: 'The function is observed: only its function key protects it. Watch the outcome "observed".',
    observation_ended: 'The observation of the function has ended, and it is closed. Remove observe.',
    mcp_trigger:
      'Certgate cannot read the headers of this MCP trigger, so every call is refused. Update @certgate/azure-functions, or move the function to another app.',
    webhook_functions:
      'Extensions of the host start these functions by a webhook, past the gate: only the key of the extension protects them, because the client certificate mode Required lets any self-signed certificate pass. Functions that were registered before secureApp are not named.',
    programming_model_unknown:
      'Certgate does not know the programming model of this worker, so wrappers and a hook decide instead. Update @certgate/azure-functions.',
    gate_bypassed:
      'A handler was called before the gate decided, so its wrapper decided. Usually a hook calls handlers itself; functions without a wrapper are not safe from it. Without such a hook, update @certgate/azure-functions.',
    handler_unwrapped:
      'The function was registered before Certgate was loaded, or by a function.json. A hook that calls its handler itself runs it without a decision. Load Certgate first, or make sure that no hook calls handlers.',
  },
  trust: {
    trust_refresh_failed:
      'The source could not be read. The last good document stays in use until the time in the detail; then calls are refused.',
    trust_document_refused:
      'The document was read and refused, so its changes have no effect. The last good document stays in use until the time in the detail; then calls are refused. Act at once.',
    trust_refreshed: 'The document can be read and is accepted again.',
    revocation_refresh_failed: listsFailed,
    revocation_refreshed: 'The revocation lists are in order again.',
    revision_reused:
      'The document changed under the same revision. It is accepted unless documents must be signed. Raise the revision with every change, so that the log shows which content decided.',
  },
  revocation: {
    revocation_ends_soon:
      'The revocation list is in the last third of its lifetime. Let the CA publish the next one at its source.',
    revocation_ended:
      'The revocation list has ended. Let the CA publish the next one now: if revocation information is required, callers that need the list are refused once its grace period is over.',
    revocation_withdrawn:
      'A newer list no longer names a certificate that the instance refused as revoked, so the list no longer refuses it. Ask the CA why. If it was restored from a backup, deny what it had revoked.',
  },
  expiry: {
    access_ends_soon:
      "A caller's access ends within 30 days and is in its last third, or in the last tenth of a certificate with a lifetime of less than a week. endsFirst says what ends: replace the certificate, let the CA renew its own, or extend notAfter or expiresAt in the trust document.",
  },
  renewal: {
    client_auth_ends_at_renewal:
      'The certificate looks like one of a public CA, whose next certificate will be refused. Give the caller another kind of certificate before it renews this one.',
  },
};

/** The meaning of a line; undefined if it is not one of these, or if another version wrote it. */
export function findOtherLine(event: string, code: string): string | undefined {
  const codes: Readonly<Record<string, string>> = Object.hasOwn(otherLines, event)
    ? otherLines[event as keyof OtherLines]
    : {};
  return Object.hasOwn(codes, code) ? codes[code] : undefined;
}
