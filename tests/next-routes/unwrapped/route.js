export const GET = () => new Response('unwrapped');
