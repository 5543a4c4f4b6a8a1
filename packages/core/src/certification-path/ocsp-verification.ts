// STUB until the revocation branch is merged
import type { RevocationStatus } from './revocation-status.js';
export const findOcspStatus = (_question: object): RevocationStatus => ({ status: 'unknown', detail: 'stub' });
