/** Answers with what the function saw of its request. */
export async function echo(request, context) {
  const body = Buffer.from(await request.arrayBuffer());
  const short = body.length <= 100;
  return {
    jsonBody: {
      function: context.functionName,
      method: request.method,
      url: request.url,
      params: { ...request.params },
      names: Object.keys(request.params),
      query: [...request.query],
      headers: Object.fromEntries(request.headers),
      user: request.user,
      size: body.length,
      ...(short ? { text: body.toString('utf8'), hex: body.toString('hex') } : {}),
    },
  };
}
