// The allowed edges between packages and between the folders of @sallyport/policy: the one list that CI enforces.
const policyOrder = [
  'diagnostic',
  'resource',
  'inventory',
  'bind',
  'verdict',
  'reference',
  'legacy',
  'authenticate',
  'compile',
  'decide',
  'explain',
  'migrate',
];
const packageEdges = {
  'packages/policy': [],
  'packages/mesh': ['packages/policy'],
  'packages/control': ['packages/policy'],
  'packages/cli': ['packages/policy', 'packages/mesh', 'packages/control'],
  conformance: ['packages/policy'],
  bench: ['packages/policy', 'packages/control', 'conformance'],
};
const all = Object.keys(packageEdges);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: ['\\.d\\.ts$', '/test/', '\\.m?js$', 'vitest\\.config', '/index\\.ts$'] },
      to: {},
    },
    ...all.map((from) => ({
      name: `layer-${from.replace('/', '-')}`,
      severity: 'error',
      from: { path: `^${from}/src/` },
      to: { path: all.filter((to) => to !== from && !packageEdges[from].includes(to)).map((to) => `^${to}/`) },
    })),
    ...policyOrder
      .map((folder, index) => ({
        name: `policy-${folder}`,
        comment: 'data flows one way: a folder of the policy package imports only folders to its left',
        severity: 'error',
        from: { path: `^packages/policy/src/${folder}/` },
        to: { path: policyOrder.slice(index + 1).map((right) => `^packages/policy/src/${right}/`) },
      }))
      .filter((rule) => rule.to.path.length > 0),
    {
      name: 'policy-is-pure',
      comment: 'no I/O in the policy package; yaml at the parsing edge only',
      severity: 'error',
      from: { path: '^packages/policy/src/', pathNot: '^packages/policy/src/resource/parse/' },
      to: { dependencyTypes: ['core', 'npm'] },
    },
    {
      name: 'policy-parse-is-pure',
      severity: 'error',
      from: { path: '^packages/policy/src/resource/parse/' },
      to: { dependencyTypes: ['core', 'npm'], pathNot: 'node_modules/yaml/' },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '/dist/'] },
    exclude: { path: ['/dist/', '/test/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
  },
};
