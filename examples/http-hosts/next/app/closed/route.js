import { getClientIdentity, secureFetch } from '@certgate/http';
import { gate } from '../../gate.js';

export const GET = secureFetch((request) => new Response(`hello ${getClientIdentity(request).name}\n`), gate);
