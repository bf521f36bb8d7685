// Preloaded to make the Node that runs look like one that is too old.
Object.defineProperty(process.versions, 'node', { value: '18.19.0' });
