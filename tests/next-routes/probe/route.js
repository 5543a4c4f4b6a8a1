import { getClientIdentity, secureFetch } from '@certgate/http';
import { after } from 'next/server';
import { gate } from '../../gate.js';

const whoami = secureFetch((request) => new Response(getClientIdentity(request).name), gate);
/** Asks a closed handler with these header fields. Returns the caller's name, or the status of a refusal. */
const ask = async (headers) => {
  const answer = await whoami(new Request('http://localhost/', { headers }));
  return answer.ok ? answer.text() : answer.status;
};
const waiting = [];

export const GET = secureFetch(async (request) => {
  // Callers wait for each other in pairs. The second one wakes both.
  await new Promise((resolve) => {
    if (waiting.push(resolve) < 2) return;
    for (const wake of waiting.splice(0)) wake();
  });
  after(async () => {
    console.log('after:', getClientIdentity(request).name, await ask(request.headers));
  });
  const { status } = await fetch(`http://${request.headers.get('host')}/closed`);
  return Response.json([getClientIdentity(request).name, await ask(request.headers), await ask({}), status]);
}, gate);
