import { getClientIdentity, secureFetch } from '@certgate/http';
import { gate } from '../../gate.js';

// Next.js answers everybody from one cache. It fills that while it serves a caller, and gives the handler no header fields.
export const dynamic = 'force-static';
export const revalidate = 1;
export const GET = secureFetch((request) => new Response(getClientIdentity(request).name), gate);
