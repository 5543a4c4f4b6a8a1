// Makes a sample of the log's sentence for each denial: from the gate's decisions about the decision vectors of
// conformance/, and, for the codes in `madeFacts`, from facts that are made here.
import { readFileSync } from 'node:fs';
import { decideAccess, deny, parseTrustDocument } from '../../packages/core/dist/esm/internal.js';

const vectorsFile = new URL('../../conformance/decision/vectors/vectors.json', import.meta.url);

const path = { authority: 'corp' };

const madeFacts = {
  front_end_unknown: [
    {
      problem: 'not_named',
      host: 'functions',
      hostMarks: [],
      isOnAzure: true,
      frontEnds: [],
      isDevelopmentClaimed: false,
    },
  ],
  front_end_contradicted: [
    { problem: 'named_twice', frontEnd: 'nginx', otherFrontEnd: 'envoy' },
    { problem: 'other_platform', frontEnd: 'app-service', platformMarks: ['KUBERNETES_SERVICE_HOST'] },
    { problem: 'proof_not_needed', frontEnd: 'app-service', given: 'secret' },
    { problem: 'direct_tls', setting: 'CERTGATE_FRONT_END' },
  ],
  front_end_unproven: [{ problem: 'no_proof', frontEnd: 'nginx' }, { problem: 'secret_empty' }],
  front_end_bypassed: [{}],
  http_streaming_ambiguous: [{}],
  mcp_transport_unsupported: [{ functionName: 'GetOrder', transport: 'sse' }],
  mcp_headers_unavailable: [
    { functionName: 'GetOrder', problem: 'headers_missing' },
    { functionName: 'GetOrder', problem: 'called_past_gate' },
  ],
  gate_setup_failed: [{ fault: 'trustStore is missing.' }],
  gate_not_installed: [{ host: 'functions' }, { host: 'server' }, { host: 'server', gates: 'several' }],
  invocation_unknown: [{ functionName: 'GetOrder' }],
  certificate_missing: [
    { problem: 'absent', source: 'the header' },
    { problem: 'handshake_without_certificate' },
    { problem: 'connection_without_tls' },
  ],
  certificate_malformed: [
    { problem: 'not_base64' },
    { problem: 'pem' },
    { problem: 'other_structure', structure: 'it is a private key' },
  ],
  certificate_multiple: [{}, { isPerhapsChain: true }],
  certificate_too_large: [{ length: 20_000, limit: 16_384 }],
  certificate_verification_failed: [{ header: 'x-ssl-client-verify', said: 'FAILED', accepted: 'SUCCESS' }],
  trust_locked: [{ since: Date.UTC(2026, 11, 1), by: 'ada', reason: 'key disclosed' }, { setting: 'CERTGATE_LOCKED' }],
  trust_unavailable: [{ fault: 'file trust.json: ENOENT: no such file or directory' }],
  algorithm_unsupported_by_runtime: [
    { fault: 'The key of the certificate is ML-DSA-65, which this version of Node.js cannot verify.' },
  ],
  certificate_revoked: [
    { ...path, fault: 'The certificate "CN=billing" is revoked since 2027-01-01T00:00:00.000Z (keyCompromise).' },
  ],
  internal_fault: [{ problem: 'failed', fault: 'out of memory' }],
};

/** For each denial code, sentences in the form of `detail` in the log. */
export function listDetails() {
  const details = new Map();
  const add = ({ code, detail }) => details.set(code, [...(details.get(code) ?? []), detail]);
  const { vectors, documents, certificates } = JSON.parse(readFileSync(vectorsFile, 'utf8'));
  for (const { documents: names, certificate, time, function: functionName, roles, store, earlier } of vectors) {
    if (names.length !== 1 || store !== undefined || earlier !== undefined) continue;
    const decision = decideAccess({
      header: certificates[certificate],
      trust: parseTrustDocument(JSON.stringify(documents[names[0]])),
      requirement: { functionName, roles },
      now: Date.parse(time),
    });
    // The facts `claim` and `grace` add remarks about another entry, so the samples are made without them.
    if (decision.outcome === 'denied' && !(decision.code in madeFacts) && !details.has(decision.code))
      add(deny(decision.code, { ...decision.facts, claim: undefined, grace: undefined }));
  }
  for (const [code, all] of Object.entries(madeFacts)) for (const facts of all) add(deny(code, facts));
  return details;
}
