// Writes the comparison as a comment on the pull request. Each run replaces the text of the earlier one.
import { readFileSync } from 'node:fs';
const { GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN, PULL_REQUEST, REPORT } = process.env;
const body = readFileSync(REPORT, 'utf8');
const [mark] = body.split('\n');
const ask = async (method, path, content) => {
  const response = await fetch(`${GITHUB_API_URL}/repos/${GITHUB_REPOSITORY}/issues/${path}`, {
    method,
    headers: { accept: 'application/vnd.github+json', authorization: `Bearer ${GITHUB_TOKEN}` },
    signal: AbortSignal.timeout(60_000),
    ...(content && { body: JSON.stringify(content) }),
  });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
};
try {
  let own;
  for (let page = 1, isMore = true; isMore && own === undefined; page += 1) {
    const comments = await ask('GET', `${PULL_REQUEST}/comments?per_page=100&page=${page}`);
    // The author must be compared too, because a comment by somebody else may begin with the same mark.
    own = comments.find(({ body, user }) => user?.login === 'github-actions[bot]' && body?.startsWith(mark));
    isMore = comments.length === 100;
  }
  await (own === undefined
    ? ask('POST', `${PULL_REQUEST}/comments`, { body })
    : ask('PATCH', `comments/${own.id}`, { body }));
} catch (error) {
  console.log(
    `::warning::No comment was written, and the result is in the summary alone (${error.message}). It needs the permission "pull-requests: write", which the token of a pull request from a fork does not have.`,
  );
}
