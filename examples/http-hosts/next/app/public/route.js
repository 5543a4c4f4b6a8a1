export const GET = () => new Response('open to all\n');
