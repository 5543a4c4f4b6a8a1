// Writes the table of docs/upgrading.md: removed commands and options, with the sentence that each of them ends with.
import { formerNames } from '../../packages/certgate/dist/esm/commands/command-line/former-names.js';
import { code, table } from './markdown.mjs';

export function writeFormerNames() {
  const rows = Object.entries(formerNames).flatMap(([command, names]) =>
    Object.entries(names).map(([name, instead]) => [code(`${command} ${name}`), formatInstead(instead)]),
  );
  return [table(['Removed', 'Instead'], rows)];
}

/** Shows commands and options as code, and names of pages as links. */
function formatInstead(text) {
  return text
    .replace(
      /az monitor .*|certgate (?:trust|authority) [^.;]+?(?= names |[.;]|$)|openssl verify -\w+|-(?:explicit_policy)|--[a-z-]+(?: <file>(?: --[a-z-]+ [a-z-]+)?| gains)?/g,
      (command) => code(command.replace(/\.$/, '')),
    )
    .replace(/docs\/([a-z-]+\.md)/g, '[$1]($1)');
}
