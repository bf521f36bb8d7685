/** One rule of the product left out; the simulated faults have to show that it is missed. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export const mutants: readonly Mutant[] = [
  {
    name: 'a broken post-copy is not resumed',
    file: 'migration/transition.ts',
    find: "to({ phase: 'recovering' }, 'resume-post-copy')",
    replace: "to({ phase: 'recovering' })",
  },
  {
    name: 'the lease is not asked before an order',
    file: 'hypervisor/fenced.ts',
    find: '        mayAct();\n',
    replace: '',
  },
  {
    name: 'the copy at the source is ended while its guest still needs it',
    file: 'migration/whereabouts.ts',
    find: "state?.state === 'running' && state.reason !== 'post-copy' && !failed(state)",
    replace: "state?.state === 'running'",
  },
  {
    name: 'post-copy begins before the store knows of it',
    file: 'controller/job.ts',
    find: 'passReturn: () => this.#passReturn()',
    replace: 'passReturn: () => Promise.resolve()',
  },
  {
    name: 'a host that does not answer is taken for one that has nothing',
    file: 'migration/look.ts',
    find: "  } catch (error) {\n    return { seen: 'nothing', because: messageOf(error) };",
    replace: "  } catch {\n    return { seen: 'absent' };",
  },
  {
    name: 'what was seen once is believed at once',
    file: 'migration/settling.ts',
    find: 'return stoodMs >= mustStandMs[verdict];',
    replace: 'return true;',
  },
  {
    name: 'a guest goes on at its source, whatever it did elsewhere',
    file: 'migration/mending.ts',
    find: 'const objection = this.#witness.objection(this.#seen);',
    replace: 'const objection = undefined;',
  },
  {
    name: 'a take-over begins anew what was begun',
    file: 'controller/job.ts',
    find: 'if (beginning !== undefined) return',
    replace: 'if (beginning !== undefined && this.#row.epoch < 2) return',
  },
  {
    name: 'a guest that stands still at its source is left so',
    file: 'migration/transition.ts',
    find: "'stranded-at-source': (state) => to(state, 'resume-source')",
    replace: "'stranded-at-source': (state) => to(state)",
  },
  {
    name: 'a copy that is left behind is left there',
    file: 'migration/transition.ts',
    find: "'left-behind': (state) => to(state, 'discard-source')",
    replace: "'left-behind': () => to(ended('completed', ['destination']))",
  },
  {
    name: 'what waited to be tried again is not looked at once more',
    file: 'controller/job.ts',
    find: 'return fresh ? conclusion : this.#lookedAfter(conclusion);',
    replace: 'return conclusion;',
  },
];
