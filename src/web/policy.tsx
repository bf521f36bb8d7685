import type { JSX } from 'preact';
import type { Budget } from '../policy/budget.ts';
import { defaultMatrix, type Matrix } from '../policy/matrix.ts';
import { importances, type SlaClass, slaClasses } from '../policy/vocabulary.ts';
import { ask } from './api.ts';
import { budgetWords } from './budget.ts';
import { Show, useLoaded } from './parts.tsx';
import { WhatIf } from './what-if.tsx';
import { classSigns, importanceMeans } from './words.ts';

const worth: Readonly<Record<SlaClass, string>> = {
  cattle: 'expendable',
  pet: 'the default',
  panda: 'of high value',
};

/** What a guest may suffer: class by importance, each limit in words, and who says so. */
export function Policy(): JSX.Element {
  const loaded = useLoaded((signal) => ask<{ matrix: Matrix }>('/v1/policy', { signal }), []);
  return (
    <>
      <h1>Policy</h1>
      <p>
        What a guest may suffer follows from its class and from how much the operation matters.
        Every field is a limit: the gentlest way that still arrives is taken.
      </p>
      <Show loaded={loaded}>
        {({ matrix }) => (
          <>
            <Table matrix={matrix} />
            <WhatIf matrix={matrix} />
          </>
        )}
      </Show>
      <p class="quiet">
        The config file changes single fields (<code>policy:</code>).{' '}
        <code>drover replay MIGRATION --policy FILE</code> goes through one migration act by act.
      </p>
    </>
  );
}

function Table({ matrix }: { readonly matrix: Matrix }): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="The matrix">
      <table class="matrix">
        <thead>
          <tr>
            <th>Class</th>
            {importances.map((importance) => (
              <th key={importance}>
                Importance {importance}
                <br />
                <span class="quiet">{importanceMeans[importance]}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {slaClasses.map((slaClass) => (
            <tr key={slaClass}>
              <th scope="row">
                {classSigns[slaClass]} {slaClass}
                <br />
                <span class="quiet">{worth[slaClass]}</span>
              </th>
              {importances.map((importance) => (
                <td key={importance}>
                  <Cell
                    budget={matrix[slaClass][importance]}
                    usual={defaultMatrix[slaClass][importance]}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cell(props: { readonly budget: Budget; readonly usual: Budget }): JSX.Element {
  const usual = new Map(budgetWords(props.usual));
  return (
    <dl class="budget">
      {budgetWords(props.budget).map(([what, limit]) => (
        <div key={what}>
          <dt>{what}</dt>
          <dd>
            {limit}
            {usual.get(what) === limit ? null : (
              <strong> (set by the config file; else {usual.get(what)})</strong>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}
