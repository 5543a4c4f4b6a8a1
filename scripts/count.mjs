// Counts lines of code in TypeScript and scripts, by package, room and kind, as Git has them. Blank lines and lines of
// comments are left out, because a limit would make comments short where they should be clear. Without a commit, the
// exit code is 1 if the packages' source is longer than its limit. The commit that raises the limit must give the
// reason.
//
//   npm run count                    the files of the working tree that Git knows
//   npm run count -- COMMIT          the files of a commit
//   npm run count -- COMMIT COMMIT   both, and the difference
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const commits = process.argv.slice(2);
for (const commit of commits) {
  if (spawnSync('git', ['rev-parse', '--verify', '--quiet', `${commit}^{commit}`], { cwd: root }).status === 0)
    continue;
  console.error(
    `"${commit}" is not a commit. npm run count -- [COMMIT [COMMIT]] counts lines, and -- words counts words.`,
  );
  process.exit(2);
}
const kinds = ['source', 'tests'];
const mostSourceOfPackages = 64_203;
/** Matches a blank line, or a line that begins like a comment. */
const notCode = '^[[:space:]]*($|//|/\\*|\\*( |/|$))';
const counts = (commits.length === 0 ? [undefined] : commits).map(countRooms);
const columns = counts.length === 2 ? [...counts, subtract(counts[1], counts[0])] : counts;
printTable();
const sourceOfPackages = counts.at(-1).get('packages source') ?? 0;
if (commits.length === 0 && sourceOfPackages > mostSourceOfPackages) {
  console.error(`The packages have ${sourceOfPackages} lines of code, and may have ${mostSourceOfPackages}.`);
  process.exitCode = 1;
}

/** The number of lines for each `ROOM KIND`: for rooms, for packages, and for all packages together. */
function countRooms(commit) {
  const lines = new Map();
  for (const [path, count] of listFiles(commit)) {
    const kind = isTest(path) ? 'tests' : 'source';
    const [top, name] = path.split('/');
    const total = top === 'packages' ? ['packages', `packages/${name}`] : [];
    for (const room of new Set([...total, nameRoom(path)])) {
      const key = `${room} ${kind}`;
      lines.set(key, (lines.get(key) ?? 0) + count);
    }
  }
  return lines;
}

/** The files with the number of lines that `git grep` finds not to match `notCode`. */
function listFiles(commit) {
  const patterns = ['*.ts', '*.tsx', '*.mts', '*.cts', '*.js', '*.mjs', '*.cjs'];
  const args = [
    'grep',
    '--count',
    '-z',
    '-v',
    '-E',
    '-e',
    notCode,
    ...(commit === undefined ? [] : [commit]),
    '--',
    ...patterns,
  ];
  const text = execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\0'))
    .map(([name, count]) => [commit === undefined ? name : name.slice(commit.length + 1), Number(count)]);
}

function isTest(path) {
  return /\.test\.[a-z]+$|(?:^|\/)(?:tests|test-support)\//.test(path);
}

/**
 * The room of a file: a folder below a package's `src`. Helpers of tests belong to the room of their tests. Any other
 * top folder is one room.
 */
function nameRoom(path) {
  const [top, name, ...rest] = path.split('/');
  if (top !== 'packages') return rest.length === 0 && name === undefined ? '.' : top;
  const folders = rest.slice(1, -1).filter((folder) => folder !== 'test-support');
  return rest[0] === 'src' ? [top, name, ...folders].join('/') : [top, name].join('/');
}

function subtract(after, before) {
  const keys = new Set([...before.keys(), ...after.keys()]);
  return new Map([...keys].map((key) => [key, (after.get(key) ?? 0) - (before.get(key) ?? 0)]));
}

function printTable() {
  const names = ['before', 'after', 'change'];
  const heads = columns.flatMap((_, at) => kinds.map((kind) => (columns.length === 3 ? `${kind} ${names[at]}` : kind)));
  const rooms = new Set(columns.flatMap((lines) => [...lines.keys()].map((key) => key.split(' ')[0])));
  const sorted = [...rooms].sort();
  const width = Math.max(...sorted.map((room) => room.length));
  console.log(['lines of'.padEnd(width), ...heads.map((head) => head.padStart(14))].join(' '));
  for (const room of sorted) {
    const figures = columns.flatMap((lines) => kinds.map((kind) => String(lines.get(`${room} ${kind}`) ?? 0)));
    console.log([room.padEnd(width), ...figures.map((figure) => figure.padStart(14))].join(' '));
  }
}
