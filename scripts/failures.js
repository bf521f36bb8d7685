// Of vitest's reports named on the command line, each test that failed and why: one place to look, at the
// end of a long log. A suite that broke outside its tests is named with its message.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const shownLines = 12;

for (const report of process.argv.slice(2)) {
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  for (const { name, message, assertionResults } of testResults) {
    const file = relative(process.cwd(), name);
    if (message) tell(file, message);
    for (const { status, fullName, failureMessages } of assertionResults)
      if (status === 'failed') tell(`${file}: ${fullName}`, failureMessages.join('\n'));
  }
}

function tell(what, why) {
  const lines = why.split('\n').filter((line) => !line.includes('/node_modules/'));
  console.log(
    [`FAILED  ${what}`, ...lines.slice(0, shownLines).map((line) => `        ${line}`)].join('\n'),
  );
}
