import { getClientIdentity, secureFetch } from '@certgate/http';
import { gate } from '../../gate.js';

const forOperators = (request) => new Response(`operator ${getClientIdentity(request).name}\n`);
export const GET = secureFetch(forOperators, gate, { roles: ['operator'] });
