// Makes the site's start page from parts of README: its first lines, the picture of the inspector, the list of pages
// for each kind of reader, and what is proven. README itself is the page "Overview".

/** The Markdown of the start page. It is not searched, because "Overview" has the same text. */
export function makeStartPage(readme, description) {
  const [, opening = ''] = readme.match(/^# .+\n([\s\S]*?)^## /m) ?? [];
  const [picture] = readme.match(/^\[!\[.+$/m) ?? [];
  const doors = getSection(readme, 'Where next').match(/^- .+$/gm);
  if (opening === '' || picture === undefined || doors === null)
    throw new Error('README.md lacks what the start page shows: text before its first section, a picture, or doors.');
  const proven = 'What is proven, and what is not';
  return `---
layout: StartPage
sidebar: false
outline: false
search: false
hero:
  name: Certgate
  text: ${description}
  actions:
    - { text: Quick start, link: ./quick-start }
    - { text: Overview, link: ./overview, theme: alt }
    - { text: Concepts, link: ./concepts, theme: alt }
---
${opening}
${picture}

## Where to start

<div class="doors">

${doors.join('\n')}

</div>

## ${proven}
${getSection(readme, proven)}`;
}

function getSection(text, heading) {
  const section = text.split(/^## /m).find((each) => each.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`README.md has no section "${heading}", which the start page shows.`);
  return section.slice(heading.length + 1);
}
