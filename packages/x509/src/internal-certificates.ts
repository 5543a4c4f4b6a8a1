// Internal, like `internal.ts`: what @certgate/core needs for only some certificates, so that an app loads it with the
// first of them. It may change in any release.
export { listSignatureTwins } from './certificate/signature-twins.js';
export {
  judgePublicIssuance,
  type PublicIssuance,
  type PublicIssuanceEvidence,
  publicIssuanceEvidence,
} from './certificate/public-issuance.js';
