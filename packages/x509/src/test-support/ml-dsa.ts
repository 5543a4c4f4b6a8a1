import { isMlDsaKnown } from './certificate-writing.js';
import { isKeyKindKnown } from './certificates.js';

/** Whether openssl can make ML-DSA certificates on this machine, but Node cannot verify them. */
export const isMlDsaRefused: boolean = !isMlDsaKnown && isKeyKindKnown('ml-dsa-44');
