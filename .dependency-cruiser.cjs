const pure = '^src/(policy|forecast|steering|planner|operations|recording|replay|units)/';
const tests = '[.]test[.]ts$';

module.exports = {
  forbidden: [
    {
      name: 'pure-folders-reach-no-io',
      comment: 'Time, randomness and I/O come into the pure folders as arguments.',
      severity: 'error',
      from: { path: pure, pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pure-folders-import-only-pure-folders',
      severity: 'error',
      from: { path: pure, pathNot: tests },
      to: { path: '^src/', pathNot: [pure, '^src/errors/'] },
    },
    {
      name: 'libvirt-knows-nothing-of-ours',
      severity: 'error',
      from: { path: '^src/libvirt/' },
      to: { path: '^src/', pathNot: '^src/libvirt/' },
    },
    {
      name: 'libvirt-is-entered-by-its-index',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/libvirt/' },
      to: { path: '^src/libvirt/', pathNot: '^src/libvirt/index[.]ts$' },
    },
    {
      name: 'only-the-adapter-and-the-lab-speak-libvirt',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(libvirt|hypervisor/libvirt|lab)/' },
      to: { path: '^src/libvirt/' },
    },
    {
      name: 'nothing-imports-the-command',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli|demo)/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'product-does-not-import-the-lab',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(lab|cli|demo)/' },
      to: { path: '^src/lab/' },
    },
    {
      name: 'the-store-knows-nothing-of-what-uses-it',
      comment: 'Of the migration it knows the words: what is kept of one.',
      severity: 'error',
      from: { path: '^src/store/', pathNot: tests },
      to: {
        path: '^src/',
        pathNot: [
          pure,
          '^src/(store|errors)/',
          '^src/fleet/state-dir[.]ts$',
          '^src/migration/(beginning|keeping|progress|transition)[.]ts$',
        ],
      },
    },
    {
      name: 'migration-knows-no-store',
      severity: 'error',
      from: { path: '^src/(migration|fleet|hypervisor)/', pathNot: tests },
      to: { path: '^src/(store|controller|server|client|api)/' },
    },
    {
      name: 'the-controller-knows-no-api',
      severity: 'error',
      from: { path: '^src/controller/', pathNot: tests },
      to: { path: '^src/(server|client|api|cli)/' },
    },
    {
      name: 'the-client-knows-only-the-api',
      severity: 'error',
      from: { path: '^src/client/', pathNot: tests },
      to: {
        path: '^src/',
        pathNot: [pure, '^src/(client|api|errors)/'],
      },
    },
    {
      name: 'the-dashboard-is-a-client',
      comment:
        'Of the API it takes the types; what it runs, as the pure folders, runs in any browser.',
      severity: 'error',
      from: { path: '^src/web/', pathNot: tests },
      to: {
        path: '^src/',
        pathNot: [pure, '^src/(web|errors)/', '^src/client/event-stream[.]ts$'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'nothing-imports-the-dashboard',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/web/' },
      to: { path: '^src/web/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-test-code-in-the-product',
      severity: 'error',
      from: { path: '^src/', pathNot: tests },
      to: { path: [tests, '^tests/', '^bench/'] },
    },
  ],
  options: {
    // TypeScript 7 has no compiler API, so the imports are read by swc.
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
