// Checks the programs that tests need. scripts/test.mjs imports it before anything is built. Without these programs,
// most tests would fail, each with another message.
import { spawnSync } from 'node:child_process';

const openssl = findVersion('openssl', 'version');
// LibreSSL's command is also named openssl, but has version numbers of its own.
const [major, minor] = (/^OpenSSL (\d+)\.(\d+)/.exec(openssl) ?? []).slice(1).map(Number);
const faults = [
  ...(major >= 3 ? [] : [`openssl is ${openssl}`]),
  ...['curl', 'git'].filter((name) => findVersion(name, '--version') === 'missing').map((name) => `${name} is missing`),
];
if (faults.length > 0) {
  console.error(`error The tests need OpenSSL 3.0 or later, curl and git, and here ${faults.join(' and ')}.`);
  console.error('      Debian and Ubuntu: sudo apt-get install openssl curl git');
  console.error('      macOS: brew install openssl@3 && export PATH="$(brew --prefix openssl@3)/bin:$PATH"');
  process.exit(2);
}
if (major === 3 && minor < 5)
  console.log(
    `Skipped here: tests of ML-DSA and PBMAC1, for which OpenSSL ${major}.${minor} makes no files, and 3.5 does.`,
  );

/** The first two words that a program prints about its version, such as `OpenSSL 3.0.13`. */
function findVersion(program, word) {
  const { status, stdout } = spawnSync(program, [word], { encoding: 'utf8' });
  return status === 0 ? stdout.trim().split(/\s+/, 2).join(' ') : 'missing';
}
