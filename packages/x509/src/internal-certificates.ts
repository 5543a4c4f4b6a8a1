// As `internal`: what @certgate/core needs to know of few certificates, and an app loads with the first of them. It may change
// in any release.
export { listSignatureTwins } from './certificate/signature-twins.js';
export {
  judgePublicIssuance,
  type PublicIssuance,
  type PublicIssuanceEvidence,
  publicIssuanceEvidence,
} from './certificate/public-issuance.js';
