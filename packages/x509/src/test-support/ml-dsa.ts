import { isMlDsaKnown } from './certificate-writing.js';
import { isKeyKindKnown } from './certificates.js';

/** Openssl makes certificates with ML-DSA here, and Node doesn't verify them. */
export const isMlDsaRefused: boolean = !isMlDsaKnown && isKeyKindKnown('ml-dsa-44');
