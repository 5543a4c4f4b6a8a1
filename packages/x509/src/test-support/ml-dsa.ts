import { isMlDsaKnown } from './certificate-writing.js';
import { isKeyKindKnown } from './certificates.js';

/** Whether openssl knows ML-DSA on this machine, but Node does not. */
export const isMlDsaRefused: boolean = !isMlDsaKnown && isKeyKindKnown('ml-dsa-44');
