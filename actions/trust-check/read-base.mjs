// Reads the app's trust document as it is on the base branch, and writes it to the file that TRUST_BASE names.
import { writeFileSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
const { GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN, GITHUB_WORKSPACE, BASE_SHA, ...env } = process.env;
const path = relative(resolve(GITHUB_WORKSPACE), resolve(env.TRUST_DOCUMENT))
  .split(sep)
  .map(encodeURIComponent)
  .join('/');
const authorization = GITHUB_TOKEN === '' ? {} : { authorization: `Bearer ${GITHUB_TOKEN}` };
const response = await fetch(`${GITHUB_API_URL}/repos/${GITHUB_REPOSITORY}/contents/${path}?ref=${BASE_SHA}`, {
  headers: { accept: 'application/vnd.github.raw+json', ...authorization },
  signal: AbortSignal.timeout(60_000),
});
if (!response.ok) {
  console.log(
    `::error::The base branch's ${env.TRUST_DOCUMENT} can't be read: status ${response.status}. Pass trust-base.`,
  );
  process.exit(2);
}
writeFileSync(env.TRUST_BASE, Buffer.from(await response.arrayBuffer()));
