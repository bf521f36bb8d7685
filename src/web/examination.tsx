import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { ExaminationDocument } from '../api/hosts.ts';
import { ask } from './api.ts';
import { Button } from './parts.tsx';

type Finding = ExaminationDocument['items'][number];

const words: Readonly<Record<Finding['severity'], string>> = {
  error: '✖ wrong',
  warning: '▲ to be seen to',
  unseen: '? cannot be seen from here',
  ok: '✔ well',
};
const order: readonly string[] = Object.keys(words);

/** Versions, what they allow, and ways between hosts: what is wrong first. */
export function Examination(): JSX.Element {
  const found = useSignal<readonly Finding[] | undefined>(undefined);
  const examine = async (): Promise<void> => {
    const { items } = await ask<ExaminationDocument>('/v1/examinations', { method: 'POST' });
    found.value = items.toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
  };
  return (
    <section aria-labelledby="examination">
      <h2 id="examination">Versions, and what is wrong</h2>
      <Button does={examine}>Examine all hosts</Button>
      {found.value === undefined ? null : <Findings findings={found.value} />}
    </section>
  );
}

function Findings({ findings }: { readonly findings: readonly Finding[] }): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="What was found">
      <table>
        <thead>
          <tr>
            <th>How it is</th>
            <th>Where</th>
            <th>What was looked at</th>
            <th>Found</th>
            <th>What to do</th>
          </tr>
        </thead>
        <tbody>
          {findings.map(({ severity, where, check, message, hint }) => (
            <tr key={`${where} ${check} ${message}`}>
              <td>{words[severity]}</td>
              <td>{where ?? 'all'}</td>
              <td>{check}</td>
              <td>{message}</td>
              <td>{hint ?? '-'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
