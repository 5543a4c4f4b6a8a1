import { getClientIdentity, secureFetch } from '@certgate/http';
import { gate } from '../../gate.js';

// Next.js answers everybody from one cache. It fills the cache while it serves a caller, but gives the handler no
// header fields then.
export const dynamic = 'force-static';
export const revalidate = 1;
export const GET = secureFetch((request) => new Response(getClientIdentity(request).name), gate);
